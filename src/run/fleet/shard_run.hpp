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
#include "run/fleet/shard_output.hpp"
#include "run/single/shard_on_loop.hpp"
#include "shard/plan/capture_file.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
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
  void forward(int signal) { shard_.forward(signal); }
  /// Moves the deadlines: the launcher was stopped for this long.
  void postpone(sys::Clock::duration pause) noexcept;

  const ShardSpec& spec() const noexcept { return shard_.plan().spec; }
  /// -1 if there is no artifacts directory.
  int artifacts_fd() const noexcept { return shard_.plan().artifacts.fd(); }
  /// 0: there is none, or none any more.
  pid_t init_pid() const noexcept;
  /// It has been launched, or is being launched, and has not ended.
  bool command_runs() const noexcept;
  /// No namespace is available now, neither for this shard nor for another.
  bool waits_for_slot() const noexcept {
    return shard_.launching() != nullptr && !shard_.launching()->has_init();
  }
  sys::Clock::time_point began() const noexcept { return shard_.began(); }

 private:
  void prepare(const ShardSpec& spec, const Shared& shared, std::vector<unsigned> processors);
  void launched();
  void give_up_launch();
  void fail(const std::exception& error);
  void take_outcome();

  ShardOutput& output_;
  sys::Loop& loop_;
  Attempt attempt_;
  std::exception_ptr usage_error_;
  ShardOnLoop shard_;
  std::optional<EndCause> end_when_launched_;
  std::optional<sys::Deadline> launch_limit_;
  bool over_ = false;
};

}  // namespace nslaunch::run
