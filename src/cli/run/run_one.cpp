#include "cli/run/run_one.hpp"

#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>
#include <nslaunch/fleet.hpp>
#include <nslaunch/run.hpp>

#include <utility>
#include <vector>

#include "cli/common/die.hpp"
#include "cli/run/reports.hpp"
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

/// Reports on stderr what a person must know about the shard's end: leaks, what blocks it and, with
/// `verbose`, a summary. Prints nothing for a clean end.
void report(const Outcome& outcome, const ShardSpec& spec, bool verbose) {
  for (const auto& warning : warnings_about(outcome, spec)) sys::warn(warning);
  if (!verbose) return;
  sys::say(fmt::format("the command {} after {}; set up in {},{} torn down in {}; {}; {}", ending(outcome),
                       sys::format_duration(outcome.duration), sys::format_duration(outcome.setup),
                       held(outcome), sys::format_duration(outcome.teardown), left_behind(outcome),
                       outcome.all_gone ? "all processes gone" : "NOT all processes gone"));
}

/// `keep_open`: descriptors that reports need. All others are left to the command.
RunOptions options_for(const ShardSpec& spec, bool verbose, std::vector<int> keep_open = {}) {
  RunOptions options{.give_up_descriptors = true, .keep_open = std::move(keep_open)};
  options.ended = [&spec, verbose](const Outcome& outcome) { report(outcome, spec, verbose); };
  return options;
}

/// The files are opened before the command runs, and written in any case.
Outcome run_and_write(ShardSpec& spec, const Messages& messages, const Arguments& arguments) {
  spec.measure = arguments.has("report-json");
  if (spec.id.empty()) spec.id = random_id();
  const auto fleet = fleet_of_one(spec);
  Reports reports(arguments, fleet);
  return run_fleet_of_one(fleet, reports.observers(), messages,
                          options_for(fleet.shard, arguments.has("verbose"), reports.descriptors()));
}

}  // namespace

int run_one(ShardSpec& spec, const Arguments& arguments) try {
  const bool verbose = arguments.has("verbose");
  Messages messages{.warning = [](std::string_view line) { sys::warn(line); },
                    .trace = {},
                    .note = [](std::string_view line) { sys::say(line); }};
  if (verbose) messages.trace = [](std::string_view line) { sys::say(line); };
  const auto outcome = Reports::are_wanted(arguments) ? run_and_write(spec, messages, arguments)
                                                      : run_shard(spec, messages, options_for(spec, verbose));
  if (outcome.term_signal != 0 && !is_hang(outcome.cause)) die_of(outcome.term_signal);
  return exit_status(outcome, spec);
} catch (const EndedLaunch& error) {
  sys::say_error(error.what());
  die_of(error.signal());
  return status_of_signal(error.signal());
}

}  // namespace nslaunch::cli
