#pragma once

#include <sys/resource.h>
#include <nslaunch/error.hpp>

#include <chrono>
#include <csignal>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ns/sysctl.hpp"
#include "shard/plan.hpp"
#include "shard/protocol.hpp"
#include "sys/clock.hpp"
#include "sys/fd.hpp"
#include "sys/pidfd.hpp"

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
  std::function<void(const Message&)> heard{};
};

/// How long a shard may take to be gone.
constexpr std::chrono::milliseconds kTeardownLimit{5000};

/// How long a shard may take until its command has started: 10 s, or the spec's `timeout`, which the
/// command's time counts in; but at least 2 s, which a busy machine may take for it.
std::chrono::milliseconds launch_limit(const ShardSpec& spec) noexcept;

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
  /// longer than `limit`: `culprit` says who, and what was recorded of the shard stays.
  std::optional<siginfo_t> wait_for_end(std::string& culprit, rusage* used = nullptr,
                                        std::chrono::milliseconds limit = kTeardownLimit) noexcept;

  pid_t init_pid;
  sys::Pidfd init;
  sys::Fd channel;
  /// To ask of init what visitors ask, where the plan wants that.
  sys::Fd visit;
  /// Of the spec's `reach`, in its order: they listen in the shard.
  std::vector<sys::Fd> reach_listeners;
  std::uint64_t pid_namespace = 0;
  std::string isolation;
  sys::Clock::time_point began_at = sys::Clock::now();  ///< when the launch began
  sys::Clock::time_point started_at;                    ///< when the command did

 private:
  const Hooks* hooks_;
};

/// A launch under way: init is there and makes the shard. Both arguments must outlive it, and it the shard's
/// end where it is given up before the command has started.
class Launching {
 public:
  /// Throws what launch() throws, as attend() does.
  Launching(const Plan& plan, const Hooks& hooks);

  /// Readable when there is something to attend to, as there is when poll_timeout() has passed.
  int fd() const noexcept { return shard_->channel.get(); }
  /// As poll(2) takes it: what is left of launch_limit().
  int poll_timeout() const noexcept { return limit_.poll_timeout(); }
  pid_t init_pid() const noexcept { return shard_->init_pid; }
  /// It has been told to start; whether it has is known when attend() says so.
  bool command_may_run() const noexcept { return tied_; }
  /// Hears one thing from init, where it has said something, and does what comes then. True: the command has
  /// started, and take() has the shard.
  bool attend();
  RunningShard take() { return std::move(*shard_); }

 private:
  void go();
  bool follow(const Message& message);
  [[noreturn]] void fail(const Message& message);
  void command_started(const Message& message);

  const Plan& plan_;
  const Hooks& hooks_;
  std::optional<RunningShard> shard_;
  sys::Fd control_;
  std::vector<ns::Sysctl> settings_;
  sys::Deadline limit_;
  bool tied_ = false;
};

/// Builds the shard and starts its command. Throws CommandError where the command itself can't be
/// started, EndedLaunch where one of `callers_signals` (a signalfd; -1 for none) says that there is to be no
/// shard, and Error for everything else; the shard is gone then.
RunningShard launch(const Plan& plan, const Hooks& hooks, int callers_signals = -1);

}  // namespace nslaunch::shard
