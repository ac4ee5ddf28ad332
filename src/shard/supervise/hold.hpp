#pragma once

#include <optional>

#include "shard/launcher/running_shard.hpp"
#include "shard/plan/plan.hpp"
#include "shard/supervise/announcer.hpp"
#include "shard/supervise/peer.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::shard {

/// The launcher's part in holding the shard of a failed command to be entered (ShardSpec::hold_on_failure).
/// Init holds every shard for which this is requested until it receives kLetGo; this class decides whether
/// the shard is worth holding.
class Hold {
 public:
  /// All arguments must outlive it.
  Hold(const Plan& plan, const RunningShard& shard, Peer& peer, Announcer& announcer,
       const Hooks& hooks) noexcept
      : plan_(plan), shard_(shard), peer_(peer), announcer_(announcer), hooks_(hooks) {}

  /// `held`: the message from init. Announces what can be done with the shard, and takes the terminal back
  /// from the command's group. False if the shard can't be entered: then it is not held.
  bool begin(const Message& held, EndCause cause);
  /// Instead of begin(), if the shard is not worth holding.
  void decline();
  /// Ends the hold, if it lasts.
  void let_go();
  /// Ends the hold when its time is over.
  void keep_deadline();
  void postpone(sys::Clock::duration pause) noexcept;

  bool lasts() const noexcept { return until_.has_value(); }
  /// A timeout for poll(2); only while it lasts.
  int poll_timeout() const noexcept { return until_->poll_timeout(); }
  /// How long it has lasted so far.
  sys::Clock::duration lasted() const noexcept;

 private:
  const Plan& plan_;
  const RunningShard& shard_;
  Peer& peer_;
  Announcer& announcer_;
  const Hooks& hooks_;
  std::optional<sys::Deadline> until_;
  sys::Clock::time_point began_;
  sys::Clock::duration lasted_{0};
};

}  // namespace nslaunch::shard
