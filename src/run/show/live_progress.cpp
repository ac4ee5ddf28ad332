#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "run/show/progress.hpp"
#include "sys/base/check.hpp"
#include "sys/base/columns.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::run {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShortestInterval{100};
constexpr milliseconds kLongestInterval{1000};
constexpr std::size_t kLongestName = 24;

struct Size {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

Size size_of_terminal() {
  winsize size = {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_row, size.ws_col};
}

std::string age_of(sys::Clock::time_point began) {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(sys::Clock::now() - began);
  return age.count() < 60 ? fmt::format("{}s", age.count()) : sys::format_duration(age);
}

/// A block below all other output: what runs, for how long, and its last line. It is overwritten in place,
/// and each line cleared to its end on the way, so that nothing flickers.
class LiveProgress : public Progress, public Footer {
 public:
  explicit LiveProgress(Printer& printer) : printer_(printer) { printer.set_footer(this); }
  ~LiveProgress() override { printer_.set_footer(nullptr); }

  int poll_timeout() const override { return next_.poll_timeout(); }
  bool is_due() const override { return next_.passed(); }
  void changed() override {
    const sys::Deadline soon(last_ + kShortestInterval);
    if (soon.at() < next_.at()) next_ = soon;
  }
  void resized() override { changed(); }
  void show(const FleetSnapshot& snapshot) override;
  /// Output that waits to be printed takes its place, and erases it.
  void clear() override {
    if (printer_.is_empty()) printer_.print_footer(erase());
  }
  std::string erase() override;

 private:
  std::vector<std::string> lines_of(const FleetSnapshot& snapshot) const;
  std::string to_its_top();

  Printer& printer_;
  Size size_;
  std::vector<std::size_t> shown_;  ///< columns of each line on the screen
  sys::Clock::time_point last_{};
  sys::Deadline next_{milliseconds{0}};
};

/// A terminal that has become narrower has wrapped the old lines; its signal may still be pending.
std::string LiveProgress::to_its_top() {
  size_ = size_of_terminal();
  std::size_t rows = 0;
  for (const auto columns : shown_)
    rows += std::max<std::size_t>(1, (columns + size_.columns - 1) / size_.columns);
  return rows == 0 ? "\r" : fmt::format("\r\033[{}A", rows);
}

std::string LiveProgress::erase() {
  if (shown_.empty()) return {};
  auto sequence = to_its_top() + "\033[J";
  shown_.clear();
  changed();
  return sequence;
}

std::vector<std::string> LiveProgress::lines_of(const FleetSnapshot& snapshot) const {
  const auto ended = snapshot.total == 0 ? fmt::format("{} ended", snapshot.settled)
                                         : fmt::format("{}/{} ended", snapshot.settled, snapshot.total);
  std::vector<std::string> lines{fmt::format("{}, {} failed, {} running, {}", ended, snapshot.failed,
                                             snapshot.running.size(), age_of(snapshot.began))};
  std::size_t widest = 0;
  for (const auto& row : snapshot.running)
    widest = std::max(widest, std::min(sys::columns_of(sys::escape(row.name)), kLongestName));
  const std::size_t most = std::max<std::size_t>(size_.rows, 2) - 1;  // the cursor has a row of its own
  for (const auto& row : snapshot.running) {
    if (lines.size() == most) break;
    const auto left = snapshot.running.size() + 1 - lines.size();
    if (lines.size() + 1 == most && left > 1) {
      lines.push_back(fmt::format("  and {} more", left));
      break;
    }
    const auto name = sys::cut_to_columns(sys::escape(row.name), kLongestName);
    const std::string gap(widest - std::min(widest, sys::columns_of(name)), ' ');
    lines.push_back(
        fmt::format("  {}{}  {:>6}  {}", name, gap, age_of(row.began), sys::as_it_stands(row.last_line)));
  }
  // The last column is left free: some terminals wrap a line that fills it.
  for (auto& line : lines) line = sys::cut_to_columns(line, size_.columns - 1);
  return lines;
}

void LiveProgress::show(const FleetSnapshot& snapshot) {
  last_ = sys::Clock::now();
  const bool can_write = printer_.is_empty();
  next_ = sys::Deadline(can_write ? kLongestInterval : kShortestInterval);
  if (!can_write) return;
  std::string text = to_its_top();
  shown_.clear();
  for (const auto& line : lines_of(snapshot)) {
    text.append(line).append("\033[K\n");
    shown_.push_back(sys::columns_of(line));
  }
  printer_.print_footer(text + "\033[J");
}

}  // namespace

std::unique_ptr<Progress> live_progress(Printer& printer) {
  return std::make_unique<LiveProgress>(printer);
}

}  // namespace nslaunch::run
