#pragma once

#include <nslaunch/fleet.hpp>

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "run/junit_report.hpp"

namespace nslaunch::run {

/// Takes in the JUnit files that commands have written, each when its attempt has ended: the next attempt may
/// write over them.
class JunitCollector : public Reporter {
 public:
  /// Patterns as find_files() has them, with templates. `spec` must outlive it. Throws UsageError where one
  /// is the same for shards that run at once, and only their common working directory to be searched.
  JunitCollector(const FleetSpec& spec, std::vector<std::string> patterns);
  void ended(const PartResult& part, const Attempt& attempt,
             const std::function<void(std::string_view)>& warn) override;

  const ReportedCases& cases() const noexcept { return cases_; }

 private:
  bool is_own(const std::string& pattern) const;
  std::vector<std::string> files_of(const PartResult& part, const Attempt& attempt) const;
  void take(const std::string& path, const Attempt& attempt);

  const FleetSpec& spec_;
  std::vector<std::string> patterns_;
  /// Device, inode and time of what has been taken.
  std::set<std::tuple<dev_t, ino_t, std::int64_t>> taken_;
  ReportedCases cases_;
};

}  // namespace nslaunch::run
