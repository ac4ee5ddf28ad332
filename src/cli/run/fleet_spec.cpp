#include "cli/run/fleet_spec.hpp"

#include <nslaunch/engine.hpp>
#include <nslaunch/error.hpp>
#include <nslaunch/given_file.hpp>
#include <nslaunch/templates.hpp>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

constexpr unsigned kMostShards = 100'000;

std::vector<std::string> lines_of(std::istream& input) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(input, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> read_list(const Arguments& arguments, const UserIds* reader) {
  const auto path = arguments.text("each");
  if (path == "-") return lines_of(std::cin);
  std::istringstream file(
      read_given_file({path, fmt::format("reading {} for {}", sys::escape(path), arguments.written("each")),
                       "It takes a file with one shard a line, or '-' for the standard input."},
                      reader));
  return lines_of(file);
}

std::vector<Part> parts_of_list(const Arguments& arguments, const ShardSpec& own) {
  const auto lines = read_list(arguments, other_user(own));
  if (lines.empty())
    throw UsageError(fmt::format("{} {}: it has no lines", arguments.written("each"),
                                 sys::escape(arguments.text("each"))));
  const auto most = std::min<std::size_t>(kMostParts, std::size_t{kMostShards} * own.shard_total);
  if (lines.size() > most) {
    throw UsageError(
        fmt::format("{} {}: its {} lines are more shards than the {} that can be", arguments.written("each"),
                    sys::escape(arguments.text("each")), lines.size(), most),
        "Let each line name more of the work, or give each machine its part: --shard I/N.");
  }
  const auto total = static_cast<unsigned>(lines.size());
  std::vector<Part> parts;
  // Every shard_total-th line, so that neighbours, which are often alike, do not all end up in one place.
  for (unsigned index = own.shard_index; index <= total; index += own.shard_total)
    parts.push_back({.index = index, .total = total, .name = lines[index - 1], .line = lines[index - 1]});
  return parts;
}

std::vector<Part> equal_parts(unsigned count, const ShardSpec& own) {
  if (own.shard_total > kMostParts / count) {
    throw UsageError(fmt::format("{} shards in each of {} parts: the most of a suite is {}", count,
                                 own.shard_total, kMostParts),
                     "Split it into fewer.");
  }
  const auto prefix = own.name.empty() ? std::string("shard") : own.name;
  std::vector<Part> parts;
  for (unsigned part = 1; part <= count; ++part) {
    const unsigned index = (own.shard_index - 1) * count + part;
    parts.push_back(
        {.index = index, .total = own.shard_total * count, .name = fmt::format("{}-{}", prefix, index)});
  }
  return parts;
}

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

std::vector<Part> read_parts(const Arguments& arguments, const ShardSpec& own) {
  if (!arguments.has("each"))
    return equal_parts(static_cast<unsigned>(arguments.number("shards", 1, kMostShards, 1)), own);
  if (arguments.has("shards")) {
    throw UsageError(fmt::format("{} and {} each say what the shards are", arguments.written("shards"),
                                 arguments.written("each")),
                     "Leave one of them out; how many run at once is for --jobs to say.");
  }
  return parts_of_list(arguments, own);
}

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
