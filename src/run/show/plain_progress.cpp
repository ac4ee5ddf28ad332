#include <algorithm>

#include "run/show/progress.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::run {
namespace {

constexpr std::size_t kMostNamed = 8;

/// Prints a line if nothing else has been printed for a while.
class PlainProgress : public Progress {
 public:
  PlainProgress(Printer& printer, std::chrono::milliseconds heartbeat)
      : printer_(printer), heartbeat_(heartbeat) {}

  int poll_timeout() const override { return next_.poll_timeout(); }
  bool is_due() const override { return next_.passed(); }
  void changed() override { next_ = sys::Deadline(heartbeat_); }
  void resized() override {}
  void clear() override {}

  void show(const FleetSnapshot& snapshot) override {
    changed();
    const auto now = sys::Clock::now();
    std::vector<std::string> running;
    for (const auto& row : snapshot.running) {
      if (running.size() == kMostNamed) break;
      const auto age = std::chrono::duration_cast<std::chrono::microseconds>(now - row.began);
      running.push_back(fmt::format("{} ({})", sys::escape(row.name), sys::format_duration(age)));
    }
    if (snapshot.running.size() > kMostNamed)
      running.push_back(fmt::format("{} more", snapshot.running.size() - kMostNamed));
    const auto line = fmt::format("{} ended, {} failed, {} running: {}", progress_of(snapshot),
                                  snapshot.failed, snapshot.running.size(), fmt::join(running, ", "));
    printer_.print(Stream::kErr, sys::own_lines(line));
  }

 private:
  static std::string progress_of(const FleetSnapshot& snapshot) {
    return snapshot.total == 0 ? fmt::format("{}", snapshot.settled)
                               : fmt::format("{} of {}", snapshot.settled, snapshot.total);
  }

  Printer& printer_;
  std::chrono::milliseconds heartbeat_;
  sys::Deadline next_{heartbeat_};
};

}  // namespace

std::unique_ptr<Progress> plain_progress(Printer& printer, std::chrono::milliseconds heartbeat) {
  return std::make_unique<PlainProgress>(printer, heartbeat);
}

}  // namespace nslaunch::run
