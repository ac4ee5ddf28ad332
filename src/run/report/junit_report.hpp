#pragma once

#include <nslaunch/fleet.hpp>
#include <nslaunch/fleet_events.hpp>

#include <optional>
#include <string>
#include <vector>

#include "run/report/junit_collect.hpp"
#include "run/report/report_file.hpp"

namespace nslaunch::run {

/// A suite per part: one case for its shard, then those that its last attempt has reported.
std::vector<JunitSuite> junit_of(const FleetResult& result, const FleetSpec& spec,
                                 const ReportedCases& reported);

/// Writes the JUnit report at the fleet's end, with the cases that the commands have reported.
class JunitObserver : public FleetObserver {
 public:
  /// `collected`: patterns, as for JunitCollector; empty: nothing is collected. `spec` must outlive it.
  /// Throws UsageError for an invalid pattern, Error if `path` can't be written.
  JunitObserver(const FleetSpec& spec, const std::string& path, const std::vector<std::string>& collected);
  /// Descriptors that must stay open until the end of the fleet.
  std::vector<int> descriptors() const { return file_.descriptors(); }
  void attempt_ended(const AttemptEnded& event) override;
  void fleet_ended(const FleetEnded& event) override;

 private:
  const FleetSpec& spec_;
  std::optional<JunitCollector> collector_;
  ReportFile file_;
};

}  // namespace nslaunch::run
