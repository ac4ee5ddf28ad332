#pragma once

#include <sys/resource.h>
#include <nslaunch/fleet.hpp>
#include <nslaunch/run.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ns/sysctl.hpp"
#include "registry/reap/leftover_note.hpp"
#include "run/fleet/shard_output.hpp"
#include "run/single/recorder.hpp"
#include "shard/launcher/forwarding.hpp"
#include "shard/launcher/launch.hpp"
#include "shard/plan/capture_file.hpp"
#include "shard/plan/plan.hpp"
#include "shard/supervise/supervised_shard.hpp"
#include "sys/base/signals.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::run {

/// What all shards of a fleet share.
struct Shared {
  const sys::SignalState& signals;
  rlimit descriptor_limit;
  /// The network settings that the host has changed.
  std::vector<ns::Sysctl> settings;
  sys::Fd null;
  /// Plan::outside_handles.
  std::vector<int> outside_handles{};
  /// Set if the commands run as another user, who could redirect the path to it.
  std::optional<shard::CaptureDirectory> capture_directory{};
};

/// One shard of a fleet from its launch to its end, without ever blocking.
class ShardRun {
 public:
  /// Begins the launch. If that fails, the shard ends at once, with an error. All but `spec` must outlive it.
  ShardRun(const ShardSpec& spec, const Shared& shared, std::vector<unsigned> processors, ShardOutput& output,
           const Messages& messages, sys::Loop& loop);

  /// When handle_events() is due in any case, as a timeout for poll(2).
  int poll_timeout() const;
  /// Handles what the loop's last turn reported, and enforces the deadlines.
  void handle_events();
  /// The error in the request itself, if that prevented the launch.
  const std::exception_ptr& usage_error() const noexcept { return usage_error_; }
  bool is_over() const noexcept { return over_; }
  /// The result, except for what callers know: where its output is, or that it was slow.
  Attempt finish();

  /// end() asks the command to end; kill() ends the shard at once.
  void end(EndCause cause);
  void kill(EndCause cause);
  /// Forwards a signal to the command.
  void forward(int signal);
  /// Moves the deadlines: the launcher was stopped for this long.
  void postpone(sys::Clock::duration pause) noexcept;

  const ShardSpec& spec() const noexcept { return plan_.spec; }
  /// -1 if there is no artifacts directory.
  int artifacts_fd() const noexcept { return plan_.artifacts.fd(); }
  /// 0: there is none, or none any more.
  pid_t init_pid() const noexcept;
  /// It has been launched, or is being launched, and has not ended.
  bool command_runs() const noexcept {
    return supervised_ ? supervised_->command_runs() : launching_.has_value();
  }
  /// No namespace is available now, neither for this shard nor for another.
  bool waits_for_slot() const noexcept { return launching_ && !launching_->has_init(); }
  sys::Clock::time_point began() const noexcept { return began_; }

 private:
  void prepare(const ShardSpec& spec, const Shared& shared);
  void launch(const Shared& shared);
  void leave_to_init();
  void go_on_launching();
  void end_launch() noexcept;
  void launched();
  void give_up_launch();
  void fail(const std::exception& error);
  Outcome end_of_command();

  const Messages& messages_;
  ShardOutput& output_;
  sys::Clock::time_point began_ = sys::Clock::now();
  Attempt attempt_;
  std::exception_ptr usage_error_;
  registry::LeftoverNote leftovers_{messages_.warning};
  shard::Plan plan_;
  std::optional<shard::Forwarding> forwarding_;
  std::optional<shard::CaptureFile> capture_;
  std::optional<Recorder> recorder_;
  shard::Hooks hooks_;
  std::optional<shard::Launching> launching_;
  std::optional<shard::SupervisedShard> supervised_;
  /// Signals for a command that has not started, as far as is known.
  std::vector<int> unsent_;
  std::optional<EndCause> end_when_launched_;
  std::optional<sys::Deadline> launch_limit_;
  sys::Loop& loop_;
  sys::Loop::Watch launching_watch_;
  bool launching_is_due_ = false;
  bool over_ = false;
};

}  // namespace nslaunch::run
