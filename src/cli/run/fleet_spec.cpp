#include "cli/run/fleet_spec.hpp"

#include <nslaunch/engine.hpp>
#include <nslaunch/error.hpp>
#include <nslaunch/templates.hpp>

#include <algorithm>

#include "cli/run/each_list.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

constexpr std::string_view kFleetOptions[] = {"shards",    "each",    "jobs",          "cpus",
                                              "stagger",   "retries", "repeat",        "until-fail",
                                              "fail-fast", "slow",    "total-timeout", "output"};
/// Each of these makes even a single shard a fleet; the others only set how a fleet runs.
constexpr std::string_view kMakeFleet[] = {"shards", "each", "retries", "repeat", "until-fail"};

constexpr unsigned kMostJobs = 4096;
constexpr unsigned kMostRepetitions = 1'000'000;

template <std::size_t Size>
bool is_one_of(std::string_view name, const std::string_view (&names)[Size]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::optional<std::chrono::milliseconds> limit_of_fleet(const Arguments& arguments, std::string_view option) {
  const auto limit = arguments.duration(option);
  if (limit && limit->count() == 0)
    throw UsageError(fmt::format("{}: 0 leaves no time at all", arguments.written(option)));
  return limit;
}

/// Node sizes its thread pools, and test runners the number of files run at once, by the processors they see.
unsigned read_processors(const Arguments& arguments, unsigned at_once) {
  const auto text = arguments.text("cpus", "auto");
  if (text == "off") return 0;
  if (text == "auto") return at_once > 1 ? std::max(1U, usable_processors() / at_once) : 0;
  return static_cast<unsigned>(arguments.number("cpus", 1, 1024, 1));
}

/// The variables of --env are the last of the shard's variables, and the only ones that are templates.
void take_templates(FleetSpec& fleet, const Arguments& arguments) {
  auto& variables = fleet.shard.variables;
  const auto first = variables.end() - static_cast<std::ptrdiff_t>(arguments.all("env").size());
  fleet.variables.assign(first, variables.end());
  variables.erase(first, variables.end());
}

void read_shard_env(FleetSpec& fleet, const Arguments& arguments) {
  fleet.shard_env = arguments.all("shard-env");
  for (const auto& kind : fleet.shard_env)
    shard_variables(kind, {1, 1}, true, arguments.written("shard-env"));
}

void check_line_is_used(const FleetSpec& fleet, const Arguments& arguments) {
  if (!arguments.has("each")) return;
  const auto uses = [](const std::string& text) {
    const TemplateValues one{.index = 1, .total = 2, .name = "a", .id = "a", .line = "a b c d e f g h i"};
    const TemplateValues other{.index = 1, .total = 2, .name = "b", .id = "a", .line = "j k l m n o p q r"};
    return expand(text, one) != expand(text, other);
  };
  const bool used = std::any_of(fleet.shard.command.begin(), fleet.shard.command.end(), uses) ||
                    std::any_of(fleet.variables.begin(), fleet.variables.end(), uses);
  if (used) return;
  throw UsageError(
      arguments.written("each") + ": the command uses nothing of the line: all shards would be alike",
      fmt::format("Put {{}} where the line is to stand: {} {{}}", sys::shell_quote(fleet.shard.command)));
}

}  // namespace

bool wants_fleet(const Arguments& arguments) {
  const auto given = [&](std::string_view option) { return arguments.has(option); };
  if (std::any_of(std::begin(kMakeFleet), std::end(kMakeFleet), given)) return true;
  const auto* const alone = std::find_if(std::begin(kFleetOptions), std::end(kFleetOptions), given);
  if (alone == std::end(kFleetOptions)) return false;
  throw UsageError(fmt::format("{} is for a run of several shards", arguments.written(*alone)),
                   "Add --shards N, --each FILE, --repeat N, --retries N or --until-fail.");
}

bool is_of_all_shards(std::string_view option) {
  constexpr std::string_view kMore[] = {"shard",         "shard-env", "report-json", "report-junit",
                                        "collect-junit", "joblog",    "ci",          "github"};
  return is_one_of(option, kFleetOptions) || is_one_of(option, kMore);
}

FleetSpec read_fleet(ShardSpec shard, const Arguments& arguments) {
  if (shard.isolation == Isolation::kNone)
    throw UsageError("several shards need isolation, and --isolation=none makes none");
  FleetSpec fleet;
  fleet.parts = read_parts(arguments, shard);
  fleet.run_id = random_id();
  fleet.shard = std::move(shard);
  take_templates(fleet, arguments);
  check_line_is_used(fleet, arguments);
  read_shard_env(fleet, arguments);
  fleet.jobs = static_cast<unsigned>(arguments.number("jobs", 1, kMostJobs, default_jobs()));
  fleet.repeat = static_cast<unsigned>(arguments.number("repeat", 1, kMostRepetitions, 1));
  fleet.retries = static_cast<unsigned>(arguments.number("retries", 0, 1000, 0));
  fleet.until_fail = arguments.has("until-fail");
  fleet.fail_fast = arguments.has("fail-fast");
  const auto runs = fleet.until_fail ? fleet.jobs : fleet.parts.size() * fleet.repeat;
  fleet.processors =
      read_processors(arguments, static_cast<unsigned>(std::min<std::size_t>(fleet.jobs, runs)));
  fleet.stagger = arguments.duration("stagger").value_or(fleet.stagger);
  fleet.slow = limit_of_fleet(arguments, "slow");
  fleet.total_timeout = limit_of_fleet(arguments, "total-timeout");
  return fleet;
}

}  // namespace nslaunch::cli
