#pragma once

#include <nslaunch/fleet.hpp>

#include <optional>
#include <vector>

#include "cli/common/options.hpp"
#include "cli/run/ci_log.hpp"
#include "cli/run/report_file.hpp"
#include "run/report/job_log.hpp"
#include "run/report/junit_collect.hpp"

namespace nslaunch::cli {

/// What is written of a run of several shards besides what it shows.
class FleetReports {
 public:
  /// Opens the files. `spec` must outlive it. Throws Error where one can't be written, UsageError for what
  /// can't be.
  FleetReports(const Arguments& arguments, const FleetSpec& spec);

  std::vector<Reporter*> reporters();
  /// A failure is a warning. Afterwards SIGPIPE and SIGXFSZ are ignored.
  void write(const FleetResult& result);

 private:
  const FleetSpec& spec_;
  std::optional<ReportFile> json_;
  std::optional<ReportFile> junit_;
  std::optional<run::JobLog> job_log_;
  std::optional<run::JunitCollector> collector_;
  SummaryFile summary_;
};

}  // namespace nslaunch::cli
