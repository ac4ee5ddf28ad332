#include "cli/common/command.hpp"

#include <nslaunch/error.hpp>
#include <nslaunch/fleet_display.hpp>

#include <utility>

#include "cli/common/die.hpp"
#include "cli/run/display_settings.hpp"
#include "cli/run/fleet_spec.hpp"
#include "cli/run/reports.hpp"
#include "cli/run/run_one.hpp"
#include "cli/run/run_options.hpp"
#include "cli/run/run_spec.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

void check_command(const Arguments& arguments) {
  if (!arguments.positional.empty()) {
    throw UsageError(
        fmt::format("'{}' stands before the command's '--'", sys::escape(arguments.positional.front())),
        "Put '--' before the command: nslaunch run [OPTIONS] -- COMMAND [ARG...]");
  }
  if (arguments.command.empty()) {
    throw UsageError("no command was given", "For example: nslaunch -- npm test");
  }
}

int run_fleet_of(const FleetSpec& spec, const Arguments& arguments) {
  const auto display = read_display(arguments);
  if (!spec.parts.empty()) check_fleet(spec);  // before a log file is truncated
  Reports reports(arguments, spec, display.marks);
  if (spec.parts.empty())
    sys::say("the list has fewer lines than the run has shards: there is nothing for this one");
  const auto result = show_fleet(spec, display, reports.observers());
  if (result.term_signal != 0) die_of(result.term_signal);
  return exit_status(result, spec);
}

int run(const Arguments& arguments) {
  check_command(arguments);
  auto spec = read_spec(arguments);
  if (wants_fleet(arguments)) return run_fleet_of(read_fleet(std::move(spec), arguments), arguments);
  if (spec.isolation == Isolation::kNone) execute_directly(spec);
  return run_one(spec, arguments);
}

}  // namespace

const Command& run_command() {
  static constexpr Command kCommand = {"run",
                                       "[run] [OPTIONS] -- COMMAND [ARG...]",
                                       "run a command in a shard of its own",
                                       "nslaunch run --timeout 10m --leaks fail -- npm test",
                                       run_options,
                                       run};
  return kCommand;
}

}  // namespace nslaunch::cli
