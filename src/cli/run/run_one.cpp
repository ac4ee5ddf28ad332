#include "cli/run/run_one.hpp"

#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>
#include <nslaunch/run.hpp>

#include <filesystem>
#include <utility>
#include <vector>

#include "cli/common/die.hpp"
#include "cli/run/report.hpp"
#include "cli/run/reports.hpp"
#include "run/part/one_part.hpp"
#include "shard/diagnose/explain.hpp"
#include "shard/plan/plan.hpp"
#include "sys/base/log.hpp"

namespace nslaunch::cli {
namespace {

void tell_failure(run::OnePart& part, const std::exception& error) {
  const auto tell = [&](Status status, int exit_status) {
    part.never_ran(error.what(), status, exit_status);
  };
  if (const auto* command = dynamic_cast<const CommandError*>(&error))
    tell(Status::kFail, command->exit_status());
  else if (const auto* ended = dynamic_cast<const shard::EndedLaunch*>(&error))
    tell(Status::kCancelled, status_of_signal(ended->signal()));
  else
    tell(Status::kError, kOwnFailure);
}

/// `keep_open`: descriptors that the part's observers need. All others are left to the command.
Outcome run_and_tell(const ShardSpec& spec, const Messages& messages, bool verbose,
                     std::vector<int> keep_open = {}, run::OnePart* part = nullptr) {
  RunOptions options{.give_up_descriptors = true, .keep_open = std::move(keep_open)};
  options.ended = [&](const Outcome& outcome) {
    report(outcome, spec, verbose);
    if (part != nullptr) part->ended(outcome);
  };
  if (part != nullptr) options.failed = [&](const std::exception& error) { tell_failure(*part, error); };
  return run_shard(spec, messages, options);
}

/// As the launch resolves it, for code that looks for files of the command there.
std::string path_of_artifacts(const ShardSpec& spec) {
  if (spec.artifacts.empty()) return {};
  std::error_code unknown;
  const auto path = std::filesystem::absolute(std::filesystem::path(spec.workdir) / spec.artifacts, unknown);
  return unknown ? spec.artifacts : path.lexically_normal().string();
}

/// The files are opened before the command runs, and written in any case.
Outcome run_and_write(ShardSpec& spec, Messages messages, const Arguments& arguments) {
  spec.measure = arguments.has("report-json");
  if (spec.id.empty()) spec.id = shard::random_id();
  spec.artifacts = path_of_artifacts(spec);
  const auto fleet = run::fleet_of_one(spec);
  Reports reports(arguments, fleet);
  const auto observers = reports.observers();
  messages.log = reports.log();
  run::OnePart part(fleet, observers, sys::warn);
  return run_and_tell(spec, messages, arguments.has("verbose"), reports.descriptors(), &part);
}

}  // namespace

int run_one(ShardSpec& spec, const Arguments& arguments) try {
  const bool verbose = arguments.has("verbose");
  Messages messages{.warning = [](std::string_view line) { sys::warn(line); },
                    .trace = {},
                    .note = [](std::string_view line) { sys::say(line); }};
  if (verbose) messages.trace = [](std::string_view line) { sys::say(line); };
  const auto outcome = Reports::are_wanted(arguments) ? run_and_write(spec, std::move(messages), arguments)
                                                      : run_and_tell(spec, messages, verbose);
  if (outcome.term_signal != 0 && !is_hang(outcome.cause)) die_of(outcome.term_signal);
  return exit_status(outcome, spec);
} catch (const shard::EndedLaunch& error) {
  sys::say_error(error.what());
  die_of(error.signal());
  return status_of_signal(error.signal());
}

}  // namespace nslaunch::cli
