#pragma once

#include <optional>
#include <string>
#include <vector>

#include "run/single/shard_resources.hpp"
#include "shard/launcher/launch.hpp"
#include "shard/supervise/output_watch.hpp"
#include "shard/supervise/supervised_shard.hpp"
#include "sys/base/clock.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::run {

/// One shard from its launch to its end, on its owner's loop, without ever blocking: first launching() is
/// set, then supervised(), and neither after a launch that has ended without a command.
class ShardOnLoop {
 public:
  /// Both must outlive it.
  ShardOnLoop(const Messages& messages, sys::Loop& loop) : resources_(messages), loop_(loop) {}

  ShardResources& resources() noexcept { return resources_; }
  shard::Plan& plan() noexcept { return resources_.plan(); }
  const shard::Plan& plan() const noexcept { return resources_.plan(); }

  /// Begins the launch of what resources() have been prepared for. Throws what shard::Launching throws.
  void launch();
  /// Takes the launch's next step, if one is due. True: the command has started, and begin_supervision() must
  /// follow, with what launching() returns. Throws what shard::Launching throws.
  bool go_on_launching();
  /// `output`: as for shard::SupervisedShard.
  void begin_supervision(shard::RunningShard running, std::optional<shard::OutputWatch> output = {});
  /// Ends what is being launched, if anything is.
  void end_launch() noexcept;
  /// Ends the shard, if there is one.
  void end() noexcept;

  shard::Launching* launching() noexcept { return launching_ ? &*launching_ : nullptr; }
  const shard::Launching* launching() const noexcept { return launching_ ? &*launching_ : nullptr; }
  shard::SupervisedShard* supervised() noexcept { return supervised_ ? &*supervised_ : nullptr; }
  const shard::SupervisedShard* supervised() const noexcept { return supervised_ ? &*supervised_ : nullptr; }

  /// When the launch's or the supervision's events are due in any case, as a timeout for poll(2).
  int poll_timeout() const;
  /// Passes a signal to the command, once it has started; SIGTERM begins the grace, too.
  void forward(int signal);
  /// The command's outcome, with the time of the launch. Throws what shard::SupervisedShard throws.
  Outcome finish();
  sys::Clock::time_point began() const noexcept { return began_; }
  /// From the beginning to the command's start.
  std::chrono::microseconds setup() const noexcept { return setup_; }

 private:
  void leave_to_init() noexcept;

  sys::Clock::time_point began_ = sys::Clock::now();
  ShardResources resources_;
  sys::Loop& loop_;
  std::optional<shard::Launching> launching_;
  std::optional<shard::SupervisedShard> supervised_;
  std::vector<int> unsent_;  ///< signals for a command that has not started, as far as is known
  std::chrono::microseconds setup_{0};
  sys::Loop::Watch launching_watch_;
  bool launching_is_due_ = false;
};

}  // namespace nslaunch::run
