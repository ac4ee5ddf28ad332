#include "shard/init/control_server.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "inspect/leaks/survivors.hpp"
#include "ns/net/sockets.hpp"
#include "shard/init/command.hpp"
#include "shard/plan/environment.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/io/endpoint.hpp"
#include "sys/process/channel.hpp"

namespace nslaunch::shard {
namespace {

constexpr std::size_t kMostClients = 256;
constexpr std::chrono::milliseconds kAWhile{100};
/// The kernel takes a quarter of the stack's limit for arguments and environment, 6 MiB at most.
constexpr off_t kLongestRequest = 8 << 20;

/// A client's request, which the client can't change any more.
std::optional<ProcessRequest> read_request(const sys::Fd& file) {
  constexpr int kSealed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  struct stat status = {};
  const int seals = ::fcntl(file.get(), F_GET_SEALS);  // -1, all bits set, for any other kind of file
  if (seals < 0 || (seals & kSealed) != kSealed || ::fstat(file.get(), &status) != 0) return {};
  if (status.st_size > kLongestRequest) return {};
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  if (::pread(file.get(), text.data(), text.size(), 0) != status.st_size) return {};
  return unpack_process_request(text);
}

/// A client that has given up, perhaps while init was stopped, needs no answer any more.
bool has_gone(const sys::Fd& connection) {
  pollfd watched = {connection.get(), 0, 0};
  return ::poll(&watched, 1, 0) == 1 && (watched.revents & POLLHUP) != 0;
}

/// A client that is gone or does not read its answers is no longer served: its connection is shut down.
void send_or_exit(const sys::Fd& connection, const Message& message) {
  if (!send(connection.get(), message)) ::shutdown(connection.get(), SHUT_RDWR);
}

void fail(const sys::Fd& connection, Step step, int error, bool has_file = false) {
  send_or_exit(connection,
               {.kind = Kind::kFailed, .step = step, .code = error, .detail = has_file, .payload = {}});
}

/// Empty, with errno set, if the socket can't be made.
sys::Fd open_socket(const SocketRequest& request) {
  switch (request.kind) {
    case SocketRequest::Kind::kConnected:
      return sys::begin_to_connect(request.address, request.port);
    case SocketRequest::Kind::kListening:
      return sys::listen_tcp(request.address, request.port);
  }
  errno = EPROTO;
  return {};
}

void send_listeners(const sys::Fd& connection) {
  try {
    send_or_exit(connection, {.kind = Kind::kListening, .payload = pack(ns::list_tcp_listeners())});
  } catch (const Error& error) {
    fail(connection, Step::kPlace, error.code().value());
  }
}

}  // namespace

ControlServer::ControlServer(const Plan& plan, const std::string& isolation, sys::Fd listener,
                             sys::Fd launchers_connection)
    : plan_(plan), isolation_(isolation), listener_(std::move(listener)) {
  if (!launchers_connection) return;
  sys::guard_standard_streams();  // K29, as in admit()
  ::fcntl(launchers_connection.get(), F_SETFL, O_NONBLOCK);
  clients_.push_back({.connection = std::move(launchers_connection), .is_launcher = true});
}

void ControlServer::begin(sys::Loop& loop) {
  loop_ = &loop;
  listener_watch_ = loop.watch(listener_.get(), POLLIN, [this](short) { admit(); });
  retry_ = loop.timer([this] { listen_if_there_is_room(); });
  for (auto client = clients_.begin(); client != clients_.end(); ++client) {
    client->watch =
        loop.watch(client->connection.get(), POLLIN, [this, client](short) { receive_request(client); });
  }
}

void ControlServer::listen_if_there_is_room() {
  const bool is_full = retry_.is_set() || clients_.size() >= kMostClients;
  listener_watch_.want(is_full ? 0 : POLLIN);
}

/// A connection that can't be accepted (no descriptor is left) waits until another is closed or kAWhile has
/// passed.
void ControlServer::admit() {
  // Descriptors of a request must not take the numbers of a process's standard streams (K29).
  sys::guard_standard_streams();
  sys::Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (connection) {
    take_in(std::move(connection));
  } else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
    retry_.set(sys::Deadline(kAWhile));
  }
  listen_if_there_is_room();
}

void ControlServer::take_in(sys::Fd connection) {
  const int number = connection.get();
  const auto client = clients_.insert(clients_.end(), {.connection = std::move(connection)});
  client->watch = loop_->watch(number, POLLIN, [this, client](short) { receive_request(client); });
  receive_request(client);  // most have sent their request by now
}

void ControlServer::receive_request(Place client) {
  std::vector<sys::Fd> descriptors;
  const auto message = receive(client->connection.get(), false, &descriptors);
  if (!message && errno == EAGAIN) return;
  if (!message || has_gone(client->connection)) {
    hang_up(*client);
    see_off(client);
  } else if (!answer(*client, *message, std::move(descriptors))) {
    see_off(client);
  }
}

/// Frees its descriptor for the next client.
void ControlServer::see_off(Place client) {
  clients_.erase(client);
  retry_.clear();
  listen_if_there_is_room();
}

/// False: this client needs nothing more.
bool ControlServer::answer(Client& client, const Message& message, std::vector<sys::Fd> descriptors) {
  const bool asks = message.kind == Kind::kAskStopped || message.kind == Kind::kStart ||
                    message.kind == Kind::kSocket || message.kind == Kind::kListening;
  if (asks && message.code != kControlVersion) {
    fail(client.connection, Step::kClone, EPROTO);
  } else if (message.kind == Kind::kAskStopped) {
    send_or_exit(client.connection, {.kind = Kind::kAnswer, .detail = message.detail, .payload = {}});
  } else if (message.kind == Kind::kStart && client.process == 0) {
    start(client, std::move(descriptors));
  } else if (message.kind == Kind::kSocket) {
    make_socket(client, message.payload);
  } else if (message.kind == Kind::kListening) {
    // `list` asks every shard, and its disconnecting would wake them all once more.
    send_listeners(client.connection);
    return false;
  } else if (message.kind == Kind::kClient && client.is_launcher && descriptors.size() == 1) {
    sys::never_wait(descriptors.front());
    take_in(std::move(descriptors.front()));
  } else if (message.kind == Kind::kForward && client.process > 0) {
    ::kill(-client.process, message.code);
  }
  return true;
}

void ControlServer::start(Client& client, std::vector<sys::Fd> descriptors) {
  constexpr std::size_t kStreams = 3;
  const auto request = descriptors.empty() ? std::nullopt : read_request(descriptors.front());
  if (!request || descriptors.size() < 1 + kStreams) {
    fail(client.connection, Step::kPlace, EPROTO);
    return;
  }
  Start start = start_of_command(plan_, isolation_);
  set_variables(start.environment, request->variables);
  start.command = request->command;
  if (start.command.empty()) start.command = {variable(start.environment, "SHELL").value_or("/bin/sh")};
  if (!request->directory.empty()) start.directory = request->directory;
  start.place = Start::Place::kSession;
  start.streams = std::span(descriptors).subspan(1, kStreams);
  if (descriptors.size() > 1 + kStreams) start.terminal = descriptors[1 + kStreams].get();
  StartFailure failure = {Step::kExec, 0};
  try {
    client.process = start_for_client(plan_, start, failure);
  } catch (const Error& error) {
    failure = {Step::kFork, error.code().value()};
  }
  if (client.process == 0) {
    fail(client.connection, failure.step, failure.error, failure.has_file);
    return;
  }
  sessions_.push_back(client.process);
  if (process_started) process_started(client.process);
  send_or_exit(client.connection, {.kind = Kind::kStarted, .code = client.process, .payload = {}});
}

void ControlServer::make_socket(const Client& client, const std::string& payload) {
  const auto request = unpack_socket(payload);
  errno = EPROTO;
  const auto socket = request ? open_socket(*request) : sys::Fd();
  if (!socket) {
    fail(client.connection, Step::kPlace, errno);
    return;
  }
  const int number = socket.get();
  if (!send(client.connection.get(), {.kind = Kind::kSocket, .payload = {}}, {&number, 1}))
    fail(client.connection, Step::kPlace, errno);
}

/// As if its terminal had been closed.
void ControlServer::hang_up(const Client& client) {
  if (client.process <= 0) return;
  ::kill(-client.process, SIGHUP);
  ::kill(-client.process, SIGCONT);
}

void ControlServer::note_end(const siginfo_t& child) {
  // Otherwise its number would stand for the next process that gets it.
  const bool leads_session = std::ranges::find(sessions_, child.si_pid) != sessions_.end();
  if (leads_session && !inspect::is_session_left(child.si_pid)) std::erase(sessions_, child.si_pid);
  const auto client = std::find_if(clients_.begin(), clients_.end(),
                                   [&](const Client& each) { return each.process == child.si_pid; });
  if (client == clients_.end()) return;
  const int status = child.si_code == CLD_EXITED ? child.si_status << 8 : child.si_status;
  send_or_exit(client->connection, {.kind = Kind::kCommandEnded, .code = status, .payload = {}});
  see_off(client);
}

}  // namespace nslaunch::shard
