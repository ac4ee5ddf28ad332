#pragma once

#include <nslaunch/fleet_display.hpp>

#include <optional>
#include <vector>

#include "cli/common/options.hpp"
#include "cli/run/run_json.hpp"
#include "run/report/fleet_json.hpp"
#include "run/report/github.hpp"
#include "run/report/job_log.hpp"
#include "run/report/junit_observer.hpp"

namespace nslaunch::cli {

/// What is written of a run besides what it shows.
class Reports {
 public:
  /// Whether a run of one shard has any.
  static bool are_wanted(const Arguments& arguments);

  /// Opens the files of a run of several shards. `spec` must outlive it. Throws Error where one can't be
  /// written, UsageError for what can't be.
  Reports(const Arguments& arguments, const FleetSpec& spec, LogMarks marks);
  /// Those of a run of one shard, `spec` being what run::fleet_of_one() makes of it: GitHub is told only
  /// where
  /// --ci or --github ask for it, since the log is the command's own.
  Reports(const Arguments& arguments, const FleetSpec& spec);

  /// In the order in which they are told.
  std::vector<FleetObserver*> observers();
  /// What must stay open until the end.
  std::vector<int> descriptors() const;

 private:
  void open(const Arguments& arguments, const FleetSpec& spec, LogMarks marks);

  std::optional<RunJson> json_of_one_;
  std::optional<run::JsonReport> json_;
  std::optional<run::JunitObserver> junit_;
  std::optional<run::GithubReport> github_;
  std::optional<run::JobLog> job_log_;
};

}  // namespace nslaunch::cli
