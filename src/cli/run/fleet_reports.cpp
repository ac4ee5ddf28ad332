#include "cli/run/fleet_reports.hpp"

#include <nslaunch/error.hpp>

#include <csignal>

#include "run/report/fleet_json.hpp"
#include "run/report/junit.hpp"
#include "run/report/junit_report.hpp"
#include "sys/base/log.hpp"

namespace nslaunch::cli {

FleetReports::FleetReports(const Arguments& arguments, const FleetSpec& spec) : spec_(spec) {
  if (arguments.has("collect-junit")) {
    if (!arguments.has("report-junit")) {
      throw UsageError(arguments.written("collect-junit") + " has no report to put the cases into",
                       "Add --report-junit FILE.");
    }
    collector_.emplace(spec, arguments.all("collect-junit"));
  }
  const auto command = command_of(spec.shard);
  if (arguments.has("report-json")) json_.emplace(arguments.text("report-json"), "--report-json", command);
  if (arguments.has("report-junit"))
    junit_.emplace(arguments.text("report-junit"), "--report-junit", command);
  summary_ = open_summary(spec);
  if (arguments.has("joblog")) job_log_.emplace(arguments.text("joblog"));
}

std::vector<Reporter*> FleetReports::reporters() {
  std::vector<Reporter*> reporters;
  if (job_log_) reporters.push_back(&*job_log_);
  if (collector_) reporters.push_back(&*collector_);
  return reporters;
}

void FleetReports::write(const FleetResult& result) {
  const run::ReportedCases none;
  ::signal(SIGPIPE, SIG_IGN);
  if (job_log_) job_log_->finish([](std::string_view line) { sys::warn(line); });
  if (json_) json_->write(run::fleet_as_json(result, spec_));
  if (junit_)
    junit_->write(run::junit_text(run::junit_of(result, spec_, collector_ ? collector_->cases() : none)));
  report_to_ci(result, spec_, summary_);
}

}  // namespace nslaunch::cli
