#include "run/report/junit_observer.hpp"

namespace nslaunch::run {
namespace {

std::optional<JunitCollector> collector_of(const FleetSpec& spec, const std::vector<std::string>& patterns) {
  if (patterns.empty()) return std::nullopt;
  return JunitCollector(spec, patterns);
}

}  // namespace

JunitObserver::JunitObserver(const FleetSpec& spec, const std::string& path,
                             const std::vector<std::string>& collected)
    : spec_(spec), collector_(collector_of(spec, collected)), file_(path, "--report-junit") {}

void JunitObserver::attempt_ended(const AttemptEnded& event) {
  if (collector_) collector_->attempt_ended(event);
}

void JunitObserver::fleet_ended(const FleetEnded& event) {
  const ReportedCases none;
  file_.write(junit_text(junit_of(event.result, spec_, collector_ ? collector_->cases() : none)), event.warn);
}

}  // namespace nslaunch::run
