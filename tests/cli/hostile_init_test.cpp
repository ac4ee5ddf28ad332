#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <optional>

#include "shard/wire/protocol.hpp"
#include "support/call_tracer.hpp"
#include "support/clients.hpp"
#include "support/fake_init.hpp"
#include "support/listeners.hpp"
#include "support/live_shard.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/process/channel.hpp"

// An init that is somebody else's work, and what it costs those who talk to it.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using shard::Kind;

/// A connection whose last bytes nobody takes: who closes it last waits for an hour.
class Lingering {
 public:
  Lingering() : listener_(listen_tcp("127.0.0.1", 0)), socket_(connect_tcp("127.0.0.1", port_of(listener_))) {
    ::fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
    const linger for_an_hour = {1, 3600};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &for_an_hour, sizeof for_an_hour);
    const std::string bytes(65536, 'x');
    while (::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) continue;
  }
  int get() const { return socket_.get(); }
  /// Leaves it to whoever else has it; a lingering end of ours must not be the last.
  void let_go() { ::close(socket_.release()); }

 private:
  sys::Fd listener_;
  sys::Fd socket_;
};

/// Answers everything with this kind of message and a connection that lingers.
FakeInit::Serve lingering_with(Kind kind) {
  return [kind](int listener) {
    std::vector<Lingering> kept;  // where nobody has taken them
    for (;;) {
      const sys::Fd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
      char question[65536];
      if (::recv(client.get(), question, sizeof question, 0) <= 0) continue;
      kept.emplace_back();
      const int number = kept.back().get();
      const bool taken = shard::send(client.get(), {.kind = kind, .payload = {}}, {&number, 1});
      if (!taken) static_cast<void>(shard::send(client.get(), {.kind = kind, .payload = {}}));
      if (taken) {
        kept.back().let_go();
        kept.pop_back();
      }
      while (::recv(client.get(), question, sizeof question, 0) > 0) continue;
    }
  };
}

/// Whether so many bytes come.
bool arrives(const sys::Fd& pipe, std::size_t count) {
  char byte = 0;
  for (; count > 0; --count) {
    pollfd watched = {pipe.get(), POLLIN, 0};
    if (::poll(&watched, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) != 1)
      return false;
    if (::read(pipe.get(), &byte, 1) != 1) return false;
  }
  return true;
}

/// Greets a client, says that its command has started, and goes on like that.
FakeInit::Serve starting_and(int told, std::function<void(int client)> goes_on) {
  return [told, goes_on = std::move(goes_on)](int listener) {
    const sys::Fd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    char question[65536];
    ::recv(client.get(), question, sizeof question, 0);
    static_cast<void>(shard::send(client.get(), {.kind = Kind::kAnswer, .payload = {}}));
    ::recv(client.get(), question, sizeof question, 0);
    static_cast<void>(shard::send(client.get(), {.kind = Kind::kStarted, .code = 7, .payload = {}}));
    sys::write_all(told, "x");
    goes_on(client.get());
  };
}

/// Greets a client, sends it SIGTERM before it says that its command has started, and has that end well
/// where the signal is passed on.
void signal_before_the_news(int listener) {
  const sys::Fd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  ucred peer = {};
  socklen_t size = sizeof peer;
  ::getsockopt(client.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
  char question[65536];
  ::recv(client.get(), question, sizeof question, 0);
  static_cast<void>(shard::send(client.get(), {.kind = Kind::kAnswer, .payload = {}}));
  ::recv(client.get(), question, sizeof question, 0);
  ::kill(peer.pid, SIGTERM);
  constexpr int kTimeToLeave = 100;  // ms
  pollfd watched = {client.get(), POLLIN, 0};
  ::poll(&watched, 1, kTimeToLeave);
  static_cast<void>(shard::send(client.get(), {.kind = Kind::kStarted, .code = 7, .payload = {}}));
  const auto passed_on = shard::receive(client.get());
  const bool is_it = passed_on && passed_on->kind == Kind::kForward && passed_on->code == SIGTERM;
  static_cast<void>(
      shard::send(client.get(), {.kind = Kind::kCommandEnded, .code = is_it ? 0 : 1 << 8, .payload = {}}));
  say_nothing(listener);
}

/// Answers without end, and without looking at what it is asked.
void answer_for_ever(int client) {
  for (pollfd watched = {client, POLLOUT, 0}; ::poll(&watched, 1, -1) == 1;) {
    for (const Kind kind : {Kind::kAnswer, Kind::kStarted})
      static_cast<void>(shard::send(client, {.kind = kind, .code = 1, .payload = {}}));
  }
}

bool has(const std::string& path, const std::string& text) {
  return eventually(
      [&] { return sys::read_file(path.c_str()).value_or("").find(text) != std::string::npos; });
}

/// nslaunch exec with its stderr in a file.
Words exec_into(const std::string& file, const std::string& id, const std::string& command) {
  Words words = {"sh", "-c", "exec \"$@\" 2>\"$0\"", file};
  for (auto& word : nslaunch({"exec", id, "--", "sh", "-c", command})) words.push_back(std::move(word));
  return words;
}

}  // namespace

TEST_CASE("a connection that lingers, sent by an init that was asked for none, holds up nobody") {
  const RegistryView registry;
  const FakeInit listed(registry.path(), "listed", lingering_with(Kind::kListening));
  CHECK(registry.ask({"list", "--json"}).status == 0);
  const FakeInit greeted(registry.path(), "greeted", lingering_with(Kind::kAnswer));
  const auto told = registry.ask({"exec", "greeted", "--", "true"});
  CHECK(told.status == 125);
}

TEST_CASE("exec of a command whose init passes no signal on says so, and ends at the next one") {
  const bool answers_unasked = GENERATE(false, true);
  CAPTURE(answers_unasked);
  const RegistryView registry;
  auto started = sys::make_pipe();
  const FakeInit init(registry.path(), "mute",
                      starting_and(started.write.get(), answers_unasked ? answer_for_ever : say_nothing));
  const TempDir directory;
  Process client(exec_into(directory / "err", "mute", "true"), registry.options());
  REQUIRE(arrives(started.read, 1));
  client.send_signal(SIGTERM);
  REQUIRE(has(directory / "err", "one more signal ends this exec"));
  client.send_signal(SIGTERM);
  CHECK(client.wait().signal == SIGTERM);
}

TEST_CASE("a signal that overtakes the news that exec's command has started is the command's") {
  const RegistryView registry;
  const FakeInit init(registry.path(), "slow", signal_before_the_news);
  Process client(nslaunch({"exec", "slow", "--", "true"}), registry.options());
  const auto ended = client.wait();
  CHECK(ended.signal == 0);
  CHECK(ended.status == 0);
  CHECK(ended.err.empty());
}

TEST_CASE("exec names the standstill that keeps its signal from the command, and goes on where that ends") {
  const RegistryView registry;
  const LiveShard live(registry);
  const pid_t init = registry.shards().at(0).at("init_pid").get<pid_t>();
  const TempDir directory;
  std::optional<Process> client;
  const auto says_so = [&] {
    return sys::read_file((directory / "err").c_str()).value_or("").find("one more signal ends this exec") !=
           std::string::npos;
  };
  do {
    REQUIRE(::kill(init, SIGCONT) == 0);
    client.emplace(
        exec_into(directory / "err", live.id, "trap 'exit 7' TERM; echo ready; while :; do sleep 1; done"),
        registry.options());
    REQUIRE(client->read_line() == "ready");
    REQUIRE(::kill(init, SIGSTOP) == 0);
    client->send_signal(SIGTERM);
    // Where exec has not heard of the start, and can't, the signal ends exec itself.
    REQUIRE(eventually([&] { return says_so() || client->pidfd().has_ended(); }));
  } while (!says_so());
  CHECK_THAT(sys::read_file((directory / "err").c_str()).value_or(""),
             Contains("is stopped by a signal") && Contains(fmt::format("kill -CONT {}", init)));
  REQUIRE(::kill(init, SIGCONT) == 0);
  CHECK(client->wait().status == 7);
}

TEST_CASE("list looks at all processes once, however many records want more of it") {
  need_traceable_calls();
  // The same address twice, which makes list look for the processes behind it.
  ns::Socket socket;
  socket.listening = true;
  socket.local = "127.0.0.1:80";
  const auto payload = shard::pack(std::vector<ns::Socket>{socket, socket});
  const auto looks = [&](int count) {
    const RegistryView registry;
    std::vector<std::unique_ptr<FakeInit>> inits;
    for (int number = 0; number < count; ++number) {
      inits.push_back(
          std::make_unique<FakeInit>(registry.path(), fmt::format("twice{}", number), [&](int listener) {
            for (;;) {
              const sys::Fd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
              char question[65536];
              if (::recv(client.get(), question, sizeof question, 0) <= 0) continue;
              static_cast<void>(shard::send(client.get(), {.kind = Kind::kListening, .payload = payload}));
            }
          }));
    }
    auto traced = CallTracer(nslaunch({"list", "--json"}), registry.options()).run(std::nullopt);
    CHECK(traced.status == 0);
    return traced.calls[{0, "getdents64"}];
  };
  const int processes = 2;  // each of which has a directory of descriptors, read to its end
  CHECK(looks(11) - looks(1) <= 10 * processes);
}

}  // namespace nslaunch::test
