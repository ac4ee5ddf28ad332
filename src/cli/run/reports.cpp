#include "cli/run/reports.hpp"

#include <nslaunch/error.hpp>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "cli/run/display_settings.hpp"

namespace nslaunch::cli {
namespace {

template <class Observer>
void add(std::vector<int>& descriptors, const std::optional<Observer>& observer) {
  if (!observer) return;
  for (const int descriptor : observer->descriptors()) {
    if (descriptor >= 0) descriptors.push_back(descriptor);
  }
}

}  // namespace

bool Reports::are_wanted(const Arguments& arguments) {
  constexpr std::string_view kOptions[] = {"report-json", "report-junit", "collect-junit", "joblog", "ci",
                                           "github",      "log"};
  return std::any_of(std::begin(kOptions), std::end(kOptions),
                     [&](std::string_view option) { return arguments.has(option); });
}

Reports::Reports(const Arguments& arguments, const FleetSpec& spec, LogMarks marks) {
  if (arguments.has("report-json")) json_.emplace(spec, arguments.text("report-json"));
  open(arguments, spec, marks);
}

Reports::Reports(const Arguments& arguments, const FleetSpec& spec) {
  const auto marks = read_marks_of_one(arguments);
  if (arguments.has("report-json")) json_of_one_.emplace(spec.shard, arguments.text("report-json"));
  open(arguments, spec, marks);
}

void Reports::open(const Arguments& arguments, const FleetSpec& spec, LogMarks marks) {
  if (arguments.has("collect-junit") && !arguments.has("report-junit")) {
    throw UsageError(arguments.written("collect-junit") + " has no report to put the cases into",
                     "Add --report-junit FILE.");
  }
  if (arguments.has("report-junit"))
    junit_.emplace(spec, arguments.text("report-junit"), arguments.all("collect-junit"));
  if (marks == LogMarks::kGithub) {
    const char* summary = std::getenv("GITHUB_STEP_SUMMARY");
    github_.emplace(spec, summary != nullptr ? summary : "");
  }
  if (arguments.has("log")) log_.emplace(arguments.text("log"));
  // Opened last, because it truncates its file.
  if (arguments.has("joblog")) job_log_.emplace(arguments.text("joblog"));
}

std::vector<FleetObserver*> Reports::observers() {
  std::vector<FleetObserver*> observers;
  if (log_) observers.push_back(&*log_);
  if (job_log_) observers.push_back(&*job_log_);
  if (json_of_one_) observers.push_back(&*json_of_one_);
  if (json_) observers.push_back(&*json_);
  if (junit_) observers.push_back(&*junit_);
  if (github_) observers.push_back(&*github_);
  return observers;
}

std::vector<int> Reports::descriptors() const {
  std::vector<int> descriptors;
  add(descriptors, json_of_one_);
  add(descriptors, junit_);
  add(descriptors, github_);
  add(descriptors, job_log_);
  add(descriptors, log_);
  return descriptors;
}

}  // namespace nslaunch::cli
