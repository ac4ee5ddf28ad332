#pragma once

#include <nslaunch/fleet_display.hpp>

#include <optional>
#include <vector>

#include "cli/common/options.hpp"
#include "cli/run/run_json.hpp"
#include "run/report/fleet_json.hpp"
#include "run/report/github.hpp"
#include "run/report/job_log.hpp"
#include "run/report/junit_report.hpp"
#include "run/report/shard_log.hpp"

namespace nslaunch::cli {

/// The reports that a run writes besides its output.
class Reports {
 public:
  /// Whether a run of one shard has any reports.
  static bool are_wanted(const Arguments& arguments);

  /// Opens the files of a run of several shards. `spec` must outlive it. Throws Error if a file can't be
  /// written, UsageError for invalid options.
  Reports(const Arguments& arguments, const FleetSpec& spec, LogMarks marks);
  /// Those of a run of one shard; `spec` is made by fleet_of_one(). The report for GitHub is written
  /// only if --ci or --github ask for it, since the log is the command's own.
  Reports(const Arguments& arguments, const FleetSpec& spec);

  /// In the order in which they are notified.
  std::vector<FleetObserver*> observers();
  /// The descriptors that must stay open until the end.
  std::vector<int> descriptors() const;

 private:
  void open(const Arguments& arguments, const FleetSpec& spec, LogMarks marks);

  std::optional<RunJson> json_of_one_;
  std::optional<run::JsonReport> json_;
  std::optional<run::JunitObserver> junit_;
  std::optional<run::GithubReport> github_;
  std::optional<run::JobLog> job_log_;
  std::optional<run::ShardLog> log_;
};

}  // namespace nslaunch::cli
