#pragma once

#include <nslaunch/fleet_events.hpp>

#include <string>
#include <vector>

#include "sys/base/log_file.hpp"

namespace nslaunch::run {

/// Logs what launcher and inits do, one line each with time and shard id, appended to the file.
/// The older half of a file of this user's is dropped at 16 MiB.
class ShardLog : public FleetObserver {
 public:
  /// Throws Error if the file can't be opened for writing, as by a shell's redirection.
  explicit ShardLog(const std::string& path);

  /// Descriptors that must stay open until the end.
  std::vector<int> descriptors() const { return {file_.fd()}; }

  bool wants_log() const override { return true; }
  void fleet_started(const FleetStarted& event) override;
  void attempt_started(const AttemptStarted& event) override;
  void shard_logged(const LogEntry& entry) override;
  void attempt_ended(const AttemptEnded& event) override;
  void fleet_notice(const FleetNotice& event) override;
  void fleet_ended(const FleetEnded& event) override;

 private:
  void write(const std::string& text);

  sys::LogFile file_;
};

}  // namespace nslaunch::run
