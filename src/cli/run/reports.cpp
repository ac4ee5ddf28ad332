#include "cli/run/reports.hpp"

#include <nslaunch/error.hpp>

#include <cstdlib>

namespace nslaunch::cli {

Reports::Reports(const Arguments& arguments, const FleetSpec& spec, LogMarks marks) {
  if (arguments.has("collect-junit") && !arguments.has("report-junit")) {
    throw UsageError(arguments.written("collect-junit") + " has no report to put the cases into",
                     "Add --report-junit FILE.");
  }
  if (arguments.has("report-json")) json_.emplace(spec, arguments.text("report-json"));
  if (arguments.has("report-junit"))
    junit_.emplace(spec, arguments.text("report-junit"), arguments.all("collect-junit"));
  if (marks == LogMarks::kGithub) {
    const char* summary = std::getenv("GITHUB_STEP_SUMMARY");
    github_.emplace(spec, summary != nullptr ? summary : "");
  }
  // The last: it empties its file.
  if (arguments.has("joblog")) job_log_.emplace(arguments.text("joblog"));
}

std::vector<FleetObserver*> Reports::observers() {
  std::vector<FleetObserver*> observers;
  if (job_log_) observers.push_back(&*job_log_);
  if (json_) observers.push_back(&*json_);
  if (junit_) observers.push_back(&*junit_);
  if (github_) observers.push_back(&*github_);
  return observers;
}

}  // namespace nslaunch::cli
