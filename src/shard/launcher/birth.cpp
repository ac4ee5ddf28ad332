#include "shard/launcher/birth.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "ns/namespace_slot.hpp"
#include "shard/init/init.hpp"
#include "sys/base/check.hpp"
#include "sys/process/channel.hpp"

namespace nslaunch::shard {
namespace {

/// Like fork, into new namespaces. The older clone: common seccomp filters answer clone3 with ENOSYS (K26).
/// The pidfd reports the child's end, and no signal does, so that it waits for us even if other children are
/// reaped automatically (K40).
pid_t clone_process(int flags, int& pidfd) {
  return static_cast<pid_t>(::syscall(SYS_clone, flags | CLONE_PIDFD, nullptr, &pidfd, nullptr, nullptr));
}

std::pair<sys::Fd, sys::Fd> make_connection(const Plan& plan) {
  if (!plan.launcher_is_client) return {};
  auto connection = sys::make_channel();
  sys::never_wait(connection.first);
  return connection;
}

sys::Pidfd handle_on_oneself() {
  auto self = sys::Pidfd::open(::getpid());
  if (!self) sys::check(-1, "opening a handle on the launcher");
  return std::move(*self);
}

}  // namespace

Birth::Birth(const Plan& plan)
    : plan_(plan),
      channel_(sys::make_channel()),
      control_(make_connection(plan)),
      launcher_(handle_on_oneself()),
      limit_(ns::kSlotLimit),
      next_try_(ns::kSlotRetry) {
  sys::never_wait(channel_.first);  // in case another process keeps init from reading
}

void Birth::be_init() {
  channel_.first.reset();
  control_.first.reset();
  run_init(plan_, std::move(channel_.second), std::move(launcher_), std::move(control_.second));
}

std::optional<RunningShard> Birth::try_now(const Hooks& hooks) {
  int pidfd = -1;
  const pid_t pid = clone_process(plan_.clone_flags, pidfd);
  if (pid == 0) be_init();
  if (pid < 0 && errno == ENOSPC && !limit_.passed()) {
    next_try_ = sys::Deadline(ns::kSlotRetry);
    return std::nullopt;
  }
  sys::check(pid, "creating the namespaces");
  return std::optional<RunningShard>(std::in_place, pid, sys::Pidfd(sys::Fd(pidfd)),
                                     std::move(channel_.first), std::move(control_.first), hooks);
}

}  // namespace nslaunch::shard
