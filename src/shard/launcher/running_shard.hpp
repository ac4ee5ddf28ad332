#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shard/wire/log.hpp"
#include "shard/wire/protocol.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::shard {

/// Callbacks of the shard's keeper during its life. All of them run in the launcher.
struct Hooks {
  /// Init exists: the moment to record it. The command starts only after this returns. Returns the shard's
  /// control socket, bound, if there is one; init takes it over and listens.
  std::function<sys::Fd(pid_t, const sys::Pidfd&)> created;
  /// The command has started, with this isolation.
  std::function<void(const std::string&)> running;
  std::function<void()> stopping;
  /// The command has failed and the shard is to be held; false if it can't be entered.
  std::function<bool()> held;
  /// The shard's end was not confirmed: what was recorded must stay.
  std::function<void()> end_unconfirmed;
  /// Descriptors of the keeper's that must stay open in the launcher.
  std::function<std::vector<int>()> descriptors;
  /// The end of the command's output; empty: the launcher does not read it.
  std::function<std::string()> last_output;
  std::function<void(std::string_view)> warning;
  /// Empty: not traced.
  std::function<void(std::string_view)> trace;
  Log log{};
  /// The result of each step of both sides: kDone, kMissing or kFailed; kNote with the signal that killed
  /// init. Empty: not reported.
  std::function<void(const Message&)> received{};
};

/// How long the teardown of a shard may take.
constexpr std::chrono::milliseconds kTeardownLimit{5000};

/// A shard that exists. Ends it when destroyed before its end was seen.
class RunningShard {
 public:
  /// `hooks` must outlive the shard.
  RunningShard(pid_t pid, sys::Pidfd pidfd, sys::Fd ours, sys::Fd our_connection, const Hooks& hooks) noexcept
      : init_pid(pid),
        init(std::move(pidfd)),
        channel(std::move(ours)),
        control(std::move(our_connection)),
        hooks_(&hooks) {}
  RunningShard(RunningShard&& other) noexcept;
  RunningShard& operator=(RunningShard&&) = delete;
  ~RunningShard();

  /// Waits until every process of the shard is gone, and reaps init: returns its wait status as in siginfo_t
  /// and, in `used`, what init and the processes it reaped have used. Empty if the end takes longer than
  /// `limit`: `teardown_blocker` names what holds it up, and what was recorded of the shard stays.
  std::optional<siginfo_t> wait_for_end(std::string& teardown_blocker, rusage* used = nullptr,
                                        std::chrono::milliseconds limit = kTeardownLimit) noexcept;

  /// Call while init lives: a killed init no longer shows it, even if its end takes long.
  void note_pid_namespace() noexcept;

  pid_t init_pid;
  sys::Pidfd init;
  sys::Fd channel;
  /// For the requests that clients send to init, if the plan wants that.
  sys::Fd control;
  /// Listeners in the shard for the spec's `reach`, in its order.
  std::vector<sys::Fd> reach_listeners;
  std::uint64_t pid_namespace = 0;  ///< its inode, once it has been noted
  std::string isolation;
  sys::Clock::time_point began_at = sys::Clock::now();  ///< when the launch began
  sys::Clock::time_point started_at;                    ///< when the command did

 private:
  const Hooks* hooks_;
};

}  // namespace nslaunch::shard
