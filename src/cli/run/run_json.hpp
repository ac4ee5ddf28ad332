#pragma once

#include <nslaunch/fleet_events.hpp>
#include <nslaunch/spec.hpp>

#include <string>
#include <vector>

#include "run/report/report_file.hpp"

namespace nslaunch::cli {

/// The document of --report-json for a run of one shard (docs/report.md), one line; also if nslaunch itself
/// has failed, or the command can't be executed.
std::string run_as_json(const ShardSpec& spec, const Attempt& attempt);

/// Writes that document at the end.
class RunJson : public FleetObserver {
 public:
  /// `spec` must outlive it. Throws Error if `path` can't be written.
  RunJson(const ShardSpec& spec, const std::string& path);
  /// The descriptors that must stay open until the end.
  std::vector<int> descriptors() const { return file_.descriptors(); }
  void fleet_ended(const FleetEnded& event) override;

 private:
  const ShardSpec& spec_;
  run::ReportFile file_;
};

}  // namespace nslaunch::cli
