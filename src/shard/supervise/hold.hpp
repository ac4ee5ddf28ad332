#pragma once

#include <optional>

#include "shard/launcher/running_shard.hpp"
#include "shard/plan/plan.hpp"
#include "shard/supervise/announcer.hpp"
#include "shard/supervise/peer.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::shard {

/// The launcher's part in keeping the shard of a failed command for visitors (ShardSpec::hold_on_failure).
/// Init keeps every shard for which it was asked for until it is told to let go; whether it is worth keeping
/// is decided here.
class Hold {
 public:
  /// All of them must outlive it.
  Hold(const Plan& plan, const RunningShard& shard, Peer& peer, Announcer& announcer,
       const Hooks& hooks) noexcept
      : plan_(plan), shard_(shard), peer_(peer), announcer_(announcer), hooks_(hooks) {}

  /// `held`: what init said. Announces what can be done with the shard, and takes the terminal back from the
  /// command's group. False where nobody could enter the shard: then it is not held.
  bool begin(const Message& held, EndCause cause);
  /// Instead of begin(): not worth keeping.
  void decline();
  /// Ends it, if it lasts.
  void let_go();
  /// Lets go when the time is over.
  void keep_deadline();
  void postpone(sys::Clock::duration pause) noexcept;

  bool lasts() const noexcept { return until_.has_value(); }
  /// As poll(2) takes it; only while it lasts.
  int poll_timeout() const noexcept { return until_->poll_timeout(); }
  /// How long it has lasted by now.
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
