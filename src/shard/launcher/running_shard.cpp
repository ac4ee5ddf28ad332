#include "shard/launcher/running_shard.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inspect/hang/teardown_blocker.hpp"
#include "shard/diagnose/explain.hpp"
#include "sys/base/check.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::shard {

RunningShard::RunningShard(RunningShard&& other) noexcept
    : init_pid(std::exchange(other.init_pid, -1)),
      init(std::move(other.init)),
      channel(std::move(other.channel)),
      control(std::move(other.control)),
      reach_listeners(std::move(other.reach_listeners)),
      pid_namespace(other.pid_namespace),
      isolation(std::move(other.isolation)),
      began_at(other.began_at),
      started_at(other.started_at),
      hooks_(other.hooks_) {}

RunningShard::~RunningShard() {
  if (init_pid <= 0) return;
  if (pid_namespace == 0) note_pid_namespace();
  init.send_signal(SIGKILL);
  std::string teardown_blocker;
  if (!wait_for_end(teardown_blocker) && hooks_->warning)
    hooks_->warning(explain_blocked_end(teardown_blocker));
}

std::optional<siginfo_t> RunningShard::wait_for_end(std::string& teardown_blocker, rusage* used,
                                                    std::chrono::milliseconds limit) noexcept {
  const pid_t pid = std::exchange(init_pid, -1);
  if (!init.wait_for_end(limit)) {
    teardown_blocker = inspect::find_teardown_blocker(pid, pid_namespace);
    if (hooks_->end_unconfirmed) hooks_->end_unconfirmed();
    return std::nullopt;  // reaping init would wait for the teardown_blocker (K6)
  }
  siginfo_t end = {};
  // libc's waitid does not offer the kernel's fifth argument.
  sys::retry_on_eintr([&] { return ::syscall(SYS_waitid, P_PID, pid, &end, WEXITED | __WALL, used); });
  return end;
}

void RunningShard::note_pid_namespace() noexcept {
  pid_namespace = init.pid_namespace();
  if (pid_namespace == 0) pid_namespace = sys::namespace_inode(init_pid, "pid");
}

}  // namespace nslaunch::shard
