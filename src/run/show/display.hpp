#pragma once

#include <nslaunch/fleet_display.hpp>

#include <memory>
#include <string_view>
#include <vector>

#include "run/fleet/outlet.hpp"
#include "run/show/printer.hpp"
#include "run/show/progress.hpp"
#include "run/show/shown_output.hpp"

namespace nslaunch::run {

/// What a user sees of a fleet, on a terminal or in a log: a line for each attempt that has ended, its
/// output, the progress, the summary.
class Display : public FleetObserver, public Outlet {
 public:
  /// `settings` must outlive it.
  explicit Display(const DisplaySettings& settings);

  bool wants_trace() const override { return settings_.verbose; }
  void fleet_started(const FleetStarted& event) override;
  void attempt_started(const AttemptStarted& event) override;
  void output_read(const OutputRead& event) override;
  void shard_message(const ShardMessage& event) override;
  void attempt_ended(const AttemptEnded& event) override;
  void part_settled(const PartSettled& event) override;
  void fleet_notice(const FleetNotice& event) override;
  void signal_arrived(const SignalArrived& event) override;
  void fleet_stopping(const FleetStopping& event) override;
  void fleet_continued(const FleetContinued& event) override;
  void fleet_settled(const FleetSettled& event) override;
  void fleet_ended(const FleetEnded& event) override;

  void begin(sys::Loop& loop) override { printer_.begin(loop); }
  int poll_timeout() const override { return progress_->poll_timeout(); }
  void keep_up() override;
  bool is_full() const override { return printer_.is_full(); }
  bool holds_back_output() const override { return settings_.output == OutputMode::kStream && is_full(); }
  bool is_empty() const override { return printer_.is_empty(); }
  std::uint64_t written() const override { return printer_.written(); }
  int error() const override { return printer_.error(); }

 private:
  /// A running attempt.
  struct Shown {
    const RunningAttempt* attempt;
    std::unique_ptr<ShownOutput> output;
  };
  std::vector<Shown>::iterator find(const RunningAttempt& attempt);
  void say(std::string_view text, const char* colour = "");
  void print_output(ShownOutput& output, const AttemptEnded& event);
  FleetSnapshot snapshot() const;

  const DisplaySettings& settings_;
  Printer printer_;
  std::unique_ptr<Progress> progress_;
  const FleetSpec* spec_ = nullptr;  ///< null: the loop does not turn, and the printer prints nothing
  std::size_t total_ = 0;
  std::size_t settled_ = 0;
  std::size_t failed_ = 0;
  sys::Clock::time_point began_ = sys::Clock::now();
  std::vector<Shown> running_;  ///< in the order of their start
};

}  // namespace nslaunch::run
