#pragma once

#include <nslaunch/fleet_display.hpp>

#include <optional>
#include <vector>

#include "cli/common/options.hpp"
#include "run/report/fleet_json.hpp"
#include "run/report/github.hpp"
#include "run/report/job_log.hpp"
#include "run/report/junit_observer.hpp"

namespace nslaunch::cli {

/// What is written of a run besides what it shows.
class Reports {
 public:
  /// Opens the files. `spec` must outlive it. Throws Error where one can't be written, UsageError for what
  /// can't be.
  Reports(const Arguments& arguments, const FleetSpec& spec, LogMarks marks);

  /// In the order in which they are told.
  std::vector<FleetObserver*> observers();

 private:
  std::optional<run::JsonReport> json_;
  std::optional<run::JunitObserver> junit_;
  std::optional<run::GithubReport> github_;
  std::optional<run::JobLog> job_log_;
};

}  // namespace nslaunch::cli
