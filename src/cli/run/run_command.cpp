#include "cli/common/command.hpp"

#include <unistd.h>
#include <nslaunch/error.hpp>
#include <nslaunch/fleet_display.hpp>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "cli/common/die.hpp"
#include "cli/run/display_settings.hpp"
#include "cli/run/fleet_spec.hpp"
#include "cli/run/reports.hpp"
#include "cli/run/run_one.hpp"
#include "cli/run/run_options.hpp"
#include "cli/run/run_spec.hpp"
#include "run/part/expand_spec.hpp"
#include "shard/diagnose/explain.hpp"
#include "shard/plan/environment.hpp"
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

/// Executes the command in place of this process, as if nslaunch were not there.
[[noreturn]] void execute_directly(const ShardSpec& spec) {
  if (!spec.workdir.empty() && ::chdir(spec.workdir.c_str()) != 0) {
    throw Error({errno, std::system_category()}, fmt::format("changing to {}", sys::escape(spec.workdir)));
  }
  std::vector<char*> arguments;
  for (const auto& text : spec.command) arguments.push_back(const_cast<char*>(text.c_str()));
  arguments.push_back(nullptr);
  auto environment = spec.environment;
  shard::set_variables(environment, spec.variables);
  shard::set_variable(environment, "NSLAUNCH_ISOLATION", "none");
  std::vector<char*> entries;
  for (const auto& entry : environment) entries.push_back(const_cast<char*>(entry.c_str()));
  entries.push_back(nullptr);
  char** const own_environment = environ;
  environ = entries.data();  // execvp searches its PATH
  ::execvp(arguments[0], arguments.data());
  const int error = errno;
  environ = own_environment;
  throw shard::explain_command(spec.command.front(), error, ::access(arguments[0], F_OK) == 0);
}

int run_fleet_of(const FleetSpec& spec, const Arguments& arguments) {
  const auto display = read_display(arguments);
  if (!spec.parts.empty()) run::check_fleet(spec);  // before a log file is truncated
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
