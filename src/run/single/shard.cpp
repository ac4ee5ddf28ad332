#include <nslaunch/shard.hpp>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "run/single/shard_impl.hpp"
#include "shard/launcher/control_client.hpp"
#include "shard/wire/protocol.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/waiting.hpp"

namespace nslaunch {
namespace {

/// The longest wait that still gives a valid point in time.
constexpr std::chrono::hours kLongest{24 * 365};

}  // namespace

ShardProcess::ShardProcess(ShardProcess&& other) noexcept
    : connection_(std::exchange(other.connection_, -1)),
      pid_(other.pid_),
      exit_status_(other.exit_status_),
      term_signal_(other.term_signal_) {}

ShardProcess& ShardProcess::operator=(ShardProcess&& other) noexcept {
  if (this == &other) return *this;
  close();
  connection_ = std::exchange(other.connection_, -1);
  pid_ = other.pid_;
  exit_status_ = other.exit_status_;
  term_signal_ = other.term_signal_;
  return *this;
}

/// Init notices the close, and sends SIGHUP to the group of a process that still runs.
ShardProcess::~ShardProcess() {
  close();
}

void ShardProcess::close() noexcept {
  if (connection_ >= 0) ::close(std::exchange(connection_, -1));
}

void ShardProcess::handle_events() {
  while (connection_ >= 0) {
    const auto message = shard::receive(connection_, false);
    if (!message && errno == EAGAIN) return;
    if (!message) {
      const int error = errno;
      term_signal_ = SIGKILL;  // its shard has ended, and the process with it
      close();
      shard::check_gone(error);
    } else if (message->kind == shard::Kind::kCommandEnded) {
      term_signal_ = WIFSIGNALED(message->code) ? WTERMSIG(message->code) : 0;
      exit_status_ = WIFEXITED(message->code) ? WEXITSTATUS(message->code) : 0;
      close();
    }
  }
}

bool ShardProcess::signal(int signal) noexcept {
  if (connection_ < 0) return true;
  // Any other error means that it is gone, which handle_events() reports.
  return shard::send(connection_, {.kind = shard::Kind::kForward, .code = signal, .payload = {}}) ||
         errno != EAGAIN;
}

Shard::Shard(const ShardSpec& spec, const ShardOptions& options)
    : impl_(std::make_unique<Impl>(spec, options)) {}
Shard::Shard(Shard&&) noexcept = default;
Shard& Shard::operator=(Shard&&) noexcept = default;
Shard::~Shard() = default;

const std::string& Shard::id() const noexcept {
  return impl_->id();
}

int Shard::fd() const noexcept {
  return impl_->fd();
}

void Shard::handle_events() {
  impl_->handle_events();
}

bool Shard::started() const noexcept {
  return impl_->started();
}

bool Shard::ended() const noexcept {
  return impl_->ended();
}

const Outcome& Shard::outcome() const {
  return impl_->outcome();
}

bool Shard::wait_for(std::chrono::milliseconds limit) {
  const sys::Deadline deadline(std::min<std::chrono::milliseconds>(limit, kLongest));
  while (!ended()) {
    pollfd watched = {fd(), POLLIN, 0};
    const int ready = sys::check_wait(::poll(&watched, 1, deadline.poll_timeout()), "waiting for the shard");
    if (ready > 0) handle_events();
    if (ready == 0 && deadline.passed()) break;
  }
  return ended();
}

const Outcome& Shard::wait() {
  while (!wait_for(kLongest)) continue;
  return outcome();
}

void Shard::signal(int signal) {
  impl_->signal(signal);
}

void Shard::kill() {
  impl_->kill();
}

ShardProcess Shard::exec(const ExecRequest& request) {
  auto [connection, pid] = impl_->exec(request);
  return {connection.release(), pid};
}

}  // namespace nslaunch
