#include "cli/run/report.hpp"

#include <nslaunch/run.hpp>

#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::cli {
namespace {

std::string ending(const Outcome& outcome) {
  if (outcome.term_signal != 0) return fmt::format("died of {}", sys::signal_name(outcome.term_signal));
  return fmt::format("exited with {}", outcome.exit_status);
}

std::string left_behind(const Outcome& outcome) {
  if (outcome.leaks_unknown) return "unknown what was left behind";
  return fmt::format("{} left behind", outcome.leak_count);
}

std::string held(const Outcome& outcome) {
  if (outcome.held.count() == 0) return {};
  return fmt::format(" held for {},", sys::format_duration(outcome.held));
}

}  // namespace

void report(const Outcome& outcome, const ShardSpec& spec, bool verbose) {
  for (const auto& warning : warnings_about(outcome, spec)) sys::warn(warning);
  if (!verbose) return;
  sys::say(fmt::format("the command {} after {}; set up in {},{} torn down in {}; {}; {}", ending(outcome),
                       sys::format_duration(outcome.duration), sys::format_duration(outcome.setup),
                       held(outcome), sys::format_duration(outcome.teardown), left_behind(outcome),
                       outcome.all_gone ? "all processes gone" : "NOT all processes gone"));
}

}  // namespace nslaunch::cli
