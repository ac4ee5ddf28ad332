#pragma once

#include <nslaunch/fleet_events.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "sys/base/fd.hpp"

namespace nslaunch::run {

/// A line for each attempt that has ended, in the columns of GNU parallel's --joblog.
class JobLog : public FleetObserver {
 public:
  /// Truncates or creates the file, and writes the header line. Throws Error if that fails, also if a FIFO
  /// has no reader.
  explicit JobLog(const std::string& path);
  /// Descriptors that must stay open until the end of the fleet.
  std::vector<int> descriptors() const { return {file_.get()}; }
  void attempt_ended(const AttemptEnded& event) override;
  /// Writes what a reader has not taken so far; gives up on one that does not read. From here on this process
  /// ignores SIGPIPE.
  void fleet_ended(const FleetEnded& event) override;

 private:
  int write_pending(std::chrono::milliseconds limit = std::chrono::milliseconds{0});
  void give_up(int error, const Warn& warn);

  std::string path_;
  sys::Fd file_;
  std::string pending_;
};

}  // namespace nslaunch::run
