#pragma once

#include <nslaunch/fleet_events.hpp>

#include <set>
#include <string>
#include <vector>

#include "run/report/junit_files.hpp"
#include "run/report/junit_report.hpp"

namespace nslaunch::run {

/// Takes in the JUnit files that commands have written, each when its attempt has ended: the next attempt may
/// write over them.
class JunitCollector {
 public:
  /// Patterns as find_files() has them, with templates. `spec` must outlive it. Throws UsageError where one
  /// is the same for shards that run at once, and only their common working directory to be searched.
  JunitCollector(const FleetSpec& spec, std::vector<std::string> patterns);
  void attempt_ended(const AttemptEnded& event);

  const ReportedCases& cases() const noexcept { return cases_; }

 private:
  bool is_own(const std::string& pattern) const;
  FileSearch search_for(const PartResult& part, const Attempt& attempt) const;
  void take(const ReadFile& file, const Attempt& attempt, JunitRoom& room);

  const FleetSpec& spec_;
  std::vector<std::string> patterns_;
  std::set<FileVersion> taken_;
  ReportedCases cases_;
};

}  // namespace nslaunch::run
