#include "run/show/display.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include "run/part/status.hpp"
#include "run/report/github.hpp"
#include "run/report/marks.hpp"
#include "run/show/summary.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::run {
namespace {

Marks marks_around(LogMarks marks, const PartResult& part, const Attempt& attempt, const FleetSpec& spec) {
  switch (marks) {
    case LogMarks::kGithub:
      return github_marks(part, attempt, spec);
    case LogMarks::kGitlab:
      return gitlab_marks(part, attempt, spec);
    case LogMarks::kNone:
      break;
  }
  return {};
}

constexpr const char* kWarningColour = "\033[33m";

std::unique_ptr<Progress> progress_of(ProgressMode mode, Printer& printer) {
  return mode == ProgressMode::kLive ? live_progress(printer) : plain_progress(printer);
}

}  // namespace

Display::Display(const DisplaySettings& settings)
    : settings_(settings), progress_(progress_of(settings.progress, printer_)) {}

void Display::say(std::string_view text, const char* colour) {
  if (spec_ == nullptr) return colour == kWarningColour ? sys::warn(text) : sys::say(text);
  printer_.print(Stream::kErr, sys::own_lines(text, settings_.colour ? colour : ""));
  progress_->changed();
}

void Display::fleet_started(const FleetStarted& event) {
  spec_ = &event.spec;
  total_ = event.total;
  began_ = sys::Clock::now();
}

void Display::attempt_started(const AttemptStarted& event) {
  const auto& attempt = event.attempt;
  running_.push_back(
      {&attempt, std::make_unique<ShownOutput>(settings_.output, sys::escape(attempt.part.part.name) + " | ",
                                               printer_)});
  progress_->changed();
}

std::vector<Display::Shown>::iterator Display::find(const RunningAttempt& attempt) {
  return std::find_if(running_.begin(), running_.end(),
                      [&](const Shown& shown) { return shown.attempt == &attempt; });
}

void Display::output_read(const OutputRead& event) {
  find(event.attempt)->output->take(event.stream, event.bytes);
}

void Display::shard_message(const ShardMessage& event) {
  say(fmt::format("{}: {}", sys::escape(event.part.name), event.text),
      event.kind == ShardMessage::Kind::kWarning ? kWarningColour : "");
}

void Display::attempt_ended(const AttemptEnded& event) {
  const auto found = find(event.running);
  const auto output = std::move(found->output);
  running_.erase(found);
  say(ended_line(event, *spec_, settings_.colour));
  const auto problem = event.output_problem.empty() ? output->problem() : std::string(event.output_problem);
  if (!problem.empty())
    say(fmt::format("{}: the end of its output is lost: {}", sys::escape(event.part.part.name), problem),
        kWarningColour);
  const bool passed = has_passed(event.attempt.status, spec_->shard);
  if (settings_.output != OutputMode::kFailed || !passed) print_output(*output, event);
}

void Display::print_output(ShownOutput& output, const AttemptEnded& event) {
  const bool marked = settings_.output != OutputMode::kStream && event.attempt.output_bytes > 0;
  const auto marks = marked ? marks_around(settings_.marks, event.part, event.attempt, *spec_) : Marks{};
  printer_.print(Stream::kOut, marks.before);
  output.print();
  printer_.print(Stream::kOut, marks.after);
}

void Display::part_settled(const PartSettled& event) {
  ++settled_;
  if (!event.passed) ++failed_;
}

void Display::fleet_notice(const FleetNotice& event) {
  const bool is_told = event.kind == FleetNotice::Kind::kEnding || event.kind == FleetNotice::Kind::kKilling;
  say(event.text, is_told ? "" : kWarningColour);
}

void Display::signal_arrived(const SignalArrived& event) {
  if (event.signal == SIGWINCH) progress_->resized();
}

void Display::fleet_stopping(const FleetStopping& /*event*/) {
  printer_.write_now();
  progress_->clear();
  printer_.write_now();
}

void Display::fleet_continued(const FleetContinued& /*event*/) {
  progress_->changed();
}

void Display::fleet_settled(const FleetSettled& event) {
  progress_->clear();
  say(summary_of(event.result, *spec_, settings_));
}

void Display::fleet_ended(const FleetEnded& /*event*/) {
  if (std::exchange(spec_, nullptr) == nullptr) return;
  if (error() != 0)
    sys::warn(fmt::format("the end of the output is lost: {}", sys::errno_code(error()).message()));
  else if (!is_empty())
    sys::warn("the end of the output is lost: nobody has read it in time");
}

void Display::keep_up() {
  if (progress_->is_due()) progress_->show(snapshot());
}

FleetSnapshot Display::snapshot() const {
  FleetSnapshot snapshot{
      .settled = settled_, .total = total_, .failed = failed_, .began = began_, .running = {}};
  for (const auto& shown : running_) {
    const auto lines = sys::last_lines(shown.attempt->tail, 1);
    snapshot.running.push_back({shown.attempt->part.part.name, shown.attempt->began,
                                lines.empty() ? "" : std::string(lines.front())});
  }
  return snapshot;
}

}  // namespace nslaunch::run
