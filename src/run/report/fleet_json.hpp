#pragma once

#include <nslaunch/fleet.hpp>

#include <string>

namespace nslaunch::run {

/// The document of --report-json for a run of several shards (docs/report.md), one line.
std::string fleet_as_json(const FleetResult& result, const FleetSpec& spec);

/// Writes the document of one attempt, result.json, into the directory that its artifacts are in, where it
/// has one.
class ResultFiles : public Reporter {
 public:
  /// `spec` must outlive it.
  explicit ResultFiles(const FleetSpec& spec) : spec_(spec) {}
  void ended(const PartResult& part, const Attempt& attempt,
             const std::function<void(std::string_view)>& warn) override;

 private:
  const FleetSpec& spec_;
};

}  // namespace nslaunch::run
