#pragma once

#include <nslaunch/outcome.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "shard/launcher/forwarding.hpp"
#include "shard/launcher/running_shard.hpp"
#include "shard/plan/plan.hpp"
#include "shard/supervise/announcer.hpp"
#include "shard/supervise/ending.hpp"
#include "shard/supervise/output_watch.hpp"
#include "shard/supervise/peer.hpp"
#include "sys/base/clock.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::shard {

/// One shard from the start of its command until every process in it is gone: receives init's reports, keeps
/// the deadlines, forwards ports. It never blocks: its owner turns the loop for it, for one shard or for
/// many.
class SupervisedShard {
 public:
  /// All but `shard` and `output` must outlive it. `output`: set if there is a limit on silence.
  SupervisedShard(const Plan& plan, RunningShard shard, std::optional<OutputWatch> output, const Hooks& hooks,
                  Forwarding& forwarding, sys::Loop& loop);
  SupervisedShard(const SupervisedShard&) = delete;
  SupervisedShard& operator=(const SupervisedShard&) = delete;

  /// Called when the command was stopped by this signal; may be empty.
  std::function<void(int)> stopped;

  /// A timeout for poll(2): when handle_events() and keep_deadlines() are due, even without any event.
  int poll_timeout() const;
  /// Handles the events of the loop's last turn.
  void handle_events();
  void keep_deadlines();

  /// Only the end of the shard's processes remains to be waited for.
  bool ended() const noexcept { return finished_ || init_gone_; }
  /// They are gone, or their time to end is over.
  bool is_over() const noexcept { return init_gone_ || (end_limit_ && end_limit_->passed()); }
  /// Waits for their end, for at most 5 s since ended(). Throws Error if a third party has killed init.
  Outcome finish();

  bool command_runs() const noexcept { return command_running_ && !ended(); }
  Ending& ending() noexcept { return ending_; }
  Peer& peer() noexcept { return peer_; }
  const sys::Pidfd& init() const noexcept { return shard_.init; }
  pid_t init_pid() const noexcept { return shard_.init_pid; }
  /// What must stay open in the launcher.
  std::vector<int> descriptors() const;

 private:
  void receive_messages();
  void on_message(const Message& message);
  void on_command_ended(int wait_status);
  void receive_last_messages();
  void set_finished();
  void on_silence_of_init();

  const Plan& plan_;
  RunningShard shard_;
  const Hooks& hooks_;
  Peer peer_;
  Announcer announcer_;
  Ending ending_;
  Forwarding& forwarding_;
  Outcome outcome_;
  bool command_running_ = true;
  bool finished_ = false;
  bool init_gone_ = false;
  std::optional<sys::Deadline> end_limit_;
  sys::Clock::time_point command_ended_at_;
  std::uint64_t oom_kills_before_;
  short channel_events_ = 0;
  bool forwarding_is_due_ = false;
  sys::Loop::Watch init_watch_;
  sys::Loop::Watch channel_watch_;
  sys::Loop::Watch forwarding_watch_;
};

}  // namespace nslaunch::shard
