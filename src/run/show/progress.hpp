#pragma once

#include <nslaunch/fleet.hpp>

#include <memory>
#include <string>
#include <vector>

#include "run/show/printer.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::run {

/// What can be shown of a running fleet.
struct FleetSnapshot {
  struct Row {
    std::string name;
    sys::Clock::time_point began;
    std::string last_line;  ///< as it was written
  };
  std::size_t settled = 0;
  std::size_t total = 0;  ///< 0: endless
  std::size_t failed = 0;
  sys::Clock::time_point began;
  std::vector<Row> running;
};

/// Shows the progress of a fleet, between the lines of the attempts that have ended.
class Progress {
 public:
  virtual ~Progress() = default;
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// When to call show() next, as a timeout for poll(2).
  virtual int poll_timeout() const = 0;
  /// Whether it is time for show().
  virtual bool is_due() const = 0;
  virtual void show(const FleetSnapshot& snapshot) = 0;
  /// Something has been printed, or has changed.
  virtual void changed() = 0;
  /// The terminal was resized.
  virtual void resized() = 0;
  /// Removes what must not stay on the screen.
  virtual void clear() = 0;
};

/// CI systems end a job whose log is silent for some minutes.
inline constexpr std::chrono::milliseconds kHeartbeat{30'000};

/// Both write through the printer, which must outlive them. `heartbeat`: the longest time without a line.
std::unique_ptr<Progress> plain_progress(Printer& printer, std::chrono::milliseconds heartbeat = kHeartbeat);
std::unique_ptr<Progress> live_progress(Printer& printer);

}  // namespace nslaunch::run
