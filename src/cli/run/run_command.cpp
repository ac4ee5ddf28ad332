#include "cli/run/run_command.hpp"

#include <unistd.h>
#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>
#include <nslaunch/fleet.hpp>
#include <nslaunch/run.hpp>

#include <cerrno>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "cli/common/die.hpp"
#include "cli/run/fleet_reports.hpp"
#include "cli/run/fleet_spec.hpp"
#include "cli/run/report.hpp"
#include "cli/run/report_file.hpp"
#include "cli/run/run_json.hpp"
#include "cli/run/run_options.hpp"
#include "cli/run/run_spec.hpp"
#include "run/part/expand_spec.hpp"
#include "run/part/results.hpp"
#include "shard/diagnose/explain.hpp"
#include "shard/plan/environment.hpp"
#include "shard/plan/plan.hpp"
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

/// The command in our own place, as if nslaunch were not there.
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
  environ = entries.data();  // execvp looks along its PATH
  ::execvp(arguments[0], arguments.data());
  const int error = errno;
  environ = own_environment;
  throw shard::explain_command(spec.command.front(), error, ::access(arguments[0], F_OK) == 0);
}

/// `keep_open`: what is needed when the run is over. Everything else is the command's alone.
Outcome run_and_report(const ShardSpec& spec, const Messages& messages, bool verbose,
                       std::vector<int> keep_open = {}) {
  auto outcome = run_shard(spec, messages, {.give_up_descriptors = true, .keep_open = std::move(keep_open)});
  report(outcome, spec, verbose);
  return outcome;
}

/// With --report-json: the file is opened before anything runs, and written whatever happens then.
Outcome run_and_write(ShardSpec& spec, const Messages& messages, const std::string& path, bool verbose) {
  ReportFile file(path, "--report-json", command_of(spec));
  spec.measure = true;
  if (spec.id.empty()) spec.id = shard::random_id();
  const RunRequest request{spec, std::time(nullptr)};
  const auto failed = [&](const char* error, int status) {
    file.write(failure_as_json(request, error, status));
  };
  try {
    auto outcome = run_and_report(spec, messages, verbose, file.descriptors());
    file.write(outcome_as_json(request, outcome, exit_status(outcome, spec)));
    return outcome;
  } catch (const CommandError& error) {
    failed(error.what(), error.exit_status());
    throw;
  } catch (const shard::EndedLaunch& error) {
    failed(error.what(), status_of_signal(error.signal()));
    throw;
  } catch (const std::exception& error) {
    failed(error.what(), kOwnFailure);
    throw;
  }
}

/// With its reports, also where nothing could be run.
FleetResult run_with_reports(const FleetSpec& spec, FleetReports& reports) try {
  const auto reporters = reports.reporters();
  auto result = run_fleet(spec, reporters);
  reports.write(result);
  return result;
} catch (const Error& error) {
  reports.write(run::refused_fleet(spec, error.what()));
  throw;
}

int run_fleet_of(const FleetSpec& spec, const Arguments& arguments) {
  if (!spec.parts.empty()) run::check_fleet(spec);  // before a file is emptied for a log
  FleetReports reports(arguments, spec);
  if (spec.parts.empty()) {
    sys::say("the list has fewer lines than the run has shards: there is nothing for this one");
    reports.write(run::refused_fleet(spec, {}));
    return 0;
  }
  const auto result = run_with_reports(spec, reports);
  if (result.term_signal != 0) die_of(result.term_signal);
  return exit_status(result, spec);
}

int run_one(ShardSpec& spec, const Arguments& arguments) try {
  const bool verbose = arguments.has("verbose");
  Messages messages{.warning = [](std::string_view line) { sys::warn(line); },
                    .trace = {},
                    .note = [](std::string_view line) { sys::say(line); }};
  if (verbose) messages.trace = [](std::string_view line) { sys::say(line); };
  const auto outcome = arguments.has("report-json")
                           ? run_and_write(spec, messages, arguments.text("report-json"), verbose)
                           : run_and_report(spec, messages, verbose);
  if (outcome.term_signal != 0 && !is_hang(outcome.cause)) die_of(outcome.term_signal);
  return exit_status(outcome, spec);
} catch (const shard::EndedLaunch& error) {
  sys::say_error(error.what());
  die_of(error.signal());
  return status_of_signal(error.signal());
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
