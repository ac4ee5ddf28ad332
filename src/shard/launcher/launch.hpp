#pragma once

#include <sys/types.h>
#include <nslaunch/error.hpp>

#include <chrono>
#include <optional>
#include <vector>

#include "ns/sysctl.hpp"
#include "shard/launcher/birth.hpp"
#include "shard/launcher/running_shard.hpp"
#include "shard/plan/plan.hpp"
#include "shard/wire/protocol.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::shard {

/// How long a shard may take until its command has started: 10 s, or the spec's `timeout`, which includes
/// this time; but at least 2 s, which a busy machine may take for it.
std::chrono::milliseconds launch_limit(const ShardSpec& spec) noexcept;

/// A launch in progress: init builds the shard as soon as there is a slot for its PID namespace. Both
/// arguments must outlive this. If it is destroyed before the command has started, it ends the shard first.
class Launching {
 public:
  /// Throws what launch() throws, as handle_events() does.
  Launching(const Plan& plan, const Hooks& hooks);

  /// handle_events() is due when this is readable, and when poll_timeout() has passed. Stays the same.
  int fd() const noexcept { return fd_; }
  /// For poll(2): the time until the next try to get a slot, then what is left of launch_limit().
  int poll_timeout() const noexcept;
  /// What the plan holds for init alone (places, streams) is no longer needed here.
  bool has_init() const noexcept { return shard_.has_value(); }
  /// 0: there is none yet.
  pid_t init_pid() const noexcept { return shard_ ? shard_->init_pid : 0; }
  /// Init may start the command; handle_events() reports when it has.
  bool command_may_run() const noexcept { return tied_; }
  /// Receives one message from init, if there is one, and takes the next step. True: the command has started,
  /// and take() returns the shard.
  bool handle_events();
  RunningShard take() { return std::move(*shard_); }
  /// Time in which the launcher was stopped does not count.
  void postpone(sys::Clock::duration pause) noexcept {
    limit_.postpone(pause);
    if (shard_) shard_->began_at += pause;
  }

 private:
  void try_to_clone();
  void build();
  void go();
  bool follow(const Message& message);
  [[noreturn]] void fail(const Message& message);
  void command_started(const Message& message);

  const Plan& plan_;
  const Hooks& hooks_;
  std::optional<Birth> birth_;
  int fd_ = -1;
  std::optional<RunningShard> shard_;
  sys::Fd control_;
  std::vector<ns::Sysctl> settings_;
  sys::Deadline limit_;
  bool tied_ = false;
};

/// Builds the shard and starts its command. Throws CommandError if the command itself can't be started,
/// EndedLaunch if one of `callers_signals` (a signalfd; -1 for none) or Plan::cancel ends the launch, and
/// Error for everything else; the shard is gone then.
RunningShard launch(const Plan& plan, const Hooks& hooks, int callers_signals = -1);

}  // namespace nslaunch::shard
