#pragma once

#include <nslaunch/fleet_events.hpp>

#include <string>

#include "run/report/report_file.hpp"

namespace nslaunch::run {

/// The document of --report-json for a run of several shards (docs/report.md), one line.
std::string fleet_as_json(const FleetResult& result, const FleetSpec& spec);

/// Writes it at the fleet's end.
class JsonReport : public FleetObserver {
 public:
  /// `spec` must outlive it. Throws Error if `path` can't be written.
  JsonReport(const FleetSpec& spec, const std::string& path);
  void fleet_ended(const FleetEnded& event) override;

 private:
  const FleetSpec& spec_;
  ReportFile file_;
};

/// Writes the document of one attempt, result.json, into its artifacts directory, if it has one.
class ResultFiles : public FleetObserver {
 public:
  void fleet_started(const FleetStarted& event) override { spec_ = &event.spec; }
  void attempt_ended(const AttemptEnded& event) override;

 private:
  const FleetSpec* spec_ = nullptr;
};

}  // namespace nslaunch::run
