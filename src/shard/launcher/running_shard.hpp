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

#include "shard/wire/protocol.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::shard {

/// What the shard's keeper wants to know while it lives. All of them run in the launcher.
struct Hooks {
  /// Init exists: the moment to record it. The command starts only after this returns.
  /// Returns the shard's control socket, bound, where there is one; it becomes init's, which listens.
  std::function<sys::Fd(pid_t, const sys::Pidfd&)> created;
  /// The command has started, with this isolation.
  std::function<void(const std::string&)> running;
  std::function<void()> stopping;
  /// The command has failed and the shard is to be held; false where nobody could enter it.
  std::function<bool()> held;
  /// The shard's end could not be seen: what was recorded must stay.
  std::function<void()> held_up;
  /// Descriptors of the keeper's that must stay open in the launcher.
  std::function<std::vector<int>()> descriptors;
  /// The end of what the command has written; empty: the launcher does not read it.
  std::function<std::string()> last_output;
  std::function<void(std::string_view)> warning;
  /// Empty: nobody listens.
  std::function<void(std::string_view)> trace;
  /// What has become of each step of both sides: kDone, kMissing or kFailed; kNote with the signal that init
  /// died of. Empty: nobody listens.
  std::function<void(const Message&)> received{};
};

/// How long a shard may take to be gone.
constexpr std::chrono::milliseconds kTeardownLimit{5000};

/// A shard that exists. Ends it when it goes out of scope before its end was seen.
class RunningShard {
 public:
  /// `hooks` must outlive the shard.
  RunningShard(pid_t pid, sys::Pidfd pidfd, sys::Fd ours, sys::Fd our_visit, const Hooks& hooks) noexcept
      : init_pid(pid),
        init(std::move(pidfd)),
        channel(std::move(ours)),
        visit(std::move(our_visit)),
        hooks_(&hooks) {}
  RunningShard(RunningShard&& other) noexcept;
  RunningShard& operator=(RunningShard&&) = delete;
  ~RunningShard();

  /// Waits until every process of the shard is gone, and reaps init: its wait status as in siginfo_t, and in
  /// `used` what it and those whom it has reaped have used. Nothing where somebody holds up the end for
  /// longer than `limit`: `teardown_blocker` says who, and what was recorded of the shard stays.
  std::optional<siginfo_t> wait_for_end(std::string& teardown_blocker, rusage* used = nullptr,
                                        std::chrono::milliseconds limit = kTeardownLimit) noexcept;

  /// While init lives: one that is killed shows it no more, also where its end takes long.
  void note_pid_namespace() noexcept;

  pid_t init_pid;
  sys::Pidfd init;
  sys::Fd channel;
  /// To ask of init what visitors ask, where the plan wants that.
  sys::Fd visit;
  /// Of the spec's `reach`, in its order: they listen in the shard.
  std::vector<sys::Fd> reach_listeners;
  std::uint64_t pid_namespace = 0;  ///< its inode, where that has been noted
  std::string isolation;
  sys::Clock::time_point began_at = sys::Clock::now();  ///< when the launch began
  sys::Clock::time_point started_at;                    ///< when the command did

 private:
  const Hooks* hooks_;
};

}  // namespace nslaunch::shard
