#include "cli/run/run_spec.hpp"

#include <unistd.h>
#include <nslaunch/error.hpp>

#include <algorithm>
#include <csignal>

#include "cli/common/port_spec.hpp"
#include "cli/common/users.hpp"
#include "cli/common/variables.hpp"
#include "cli/run/fleet_spec.hpp"
#include "cli/run/option_specs.hpp"
#include "cli/run/run_options.hpp"
#include "cli/run/shard_part.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::cli {
namespace {

/// The caller's environment without our own options, which a run inside the shard must not inherit.
std::vector<std::string> inherited_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::string_view(*entry).starts_with("NSLAUNCH_OPT_")) continue;
    environment.emplace_back(*entry);
  }
  return environment;
}

void read_tmp(ShardSpec& spec, const Arguments& arguments) {
  const auto tmp = arguments.text("tmp", "private");
  if (tmp == "host") {
    spec.tmp = TmpMode::kHost;
  } else if (tmp.find('/') != std::string::npos) {
    spec.tmp = TmpMode::kDirectory;
    spec.tmp_directory = tmp;
  } else if (tmp != "private") {
    throw UsageError(fmt::format("{}: '{}' is not private, host or a directory's path",
                                 arguments.written("tmp"), sys::escape(tmp)),
                     fmt::format("For a directory in the working directory: --tmp ./{}", sys::escape(tmp)));
  }
  spec.tmp_size = arguments.size("tmp-size").value_or(0);
  if (spec.tmp_size != 0 && spec.tmp != TmpMode::kPrivate) {
    throw UsageError("--tmp-size limits a private /tmp only");
  }
  spec.keep = arguments.all("keep");
  if (!spec.keep.empty() && spec.tmp == TmpMode::kHost) {
    throw UsageError("--keep is for a private /tmp: with --tmp host everything in /tmp is visible");
  }
}

/// Rejects options that need a shard: without isolation there is none.
void check_no_isolation(const Arguments& arguments) {
  for (const auto& option : run_options()) {
    constexpr std::string_view kHarmless[] = {"env",   "env-file", "workdir", "isolation",
                                              "color", "verbose",  "name"};
    if (std::find(std::begin(kHarmless), std::end(kHarmless), option.name) != std::end(kHarmless)) continue;
    if (arguments.has(option.name)) {
      throw UsageError(
          fmt::format("{} needs a shard, and --isolation=none makes none", arguments.written(option.name)));
    }
  }
}

void read_isolation(ShardSpec& spec, const Arguments& arguments) {
  constexpr const char* kIsolations[] = {"full", "none"};
  if (arguments.choice("isolation", kIsolations, "full") == "none") {
    check_no_isolation(arguments);
    spec.isolation = Isolation::kNone;
  }
  if (arguments.text("net", "none") != "none") {
    throw UsageError(fmt::format("{} {}: only 'none' is there in this version", arguments.written("net"),
                                 sys::escape(arguments.text("net"))),
                     "A shard has a loopback of its own and no other network.");
  }
}

void read_limits(ShardSpec& spec, const Arguments& arguments) {
  constexpr std::uint64_t kLeastMemory = std::uint64_t{1} << 20;
  spec.memory_limit = arguments.size("memory").value_or(0);
  if (arguments.has("memory") && spec.memory_limit < kLeastMemory)
    throw UsageError(arguments.written("memory") + ": less than 1M is too little for any process");
  spec.pids_limit = arguments.number("pids", 3, 4'194'304, 0);
}

void read_ports(ShardSpec& spec, const Arguments& arguments) {
  for (const auto& text : arguments.all("publish")) {
    spec.publish.push_back(parse_published_port(text, arguments.written("publish") + ": "));
  }
  for (const auto& text : arguments.all("reach")) {
    spec.reach.push_back(parse_reached_service(text, arguments.written("reach") + ": "));
  }
}

void read_ending(ShardSpec& spec, const Arguments& arguments) {
  constexpr const char* kLeaks[] = {"warn", "fail", "ignore"};
  constexpr const char* kOrphans[] = {"end", "ignore"};
  const auto leaks = arguments.choice("leaks", kLeaks, "warn");
  spec.leaks = leaks == "fail"     ? LeakPolicy::kFail
               : leaks == "ignore" ? LeakPolicy::kIgnore
                                   : LeakPolicy::kWarn;
  spec.leak_grace = arguments.duration("leak-grace").value_or(spec.leak_grace);
  spec.grace = arguments.duration("grace").value_or(spec.grace);
  spec.hold_on_failure = arguments.duration("hold-on-failure");
  if (spec.hold_on_failure && spec.hold_on_failure->count() == 0)
    throw UsageError(arguments.written("hold-on-failure") + ": 0 holds nothing");
  spec.watch_ancestors = arguments.choice("orphan", kOrphans, "end") == "end";
}

std::optional<std::chrono::milliseconds> limit_of(const Arguments& arguments, std::string_view option) {
  const auto limit = arguments.duration(option);
  if (limit && limit->count() == 0) {
    throw UsageError(fmt::format("{}: 0 leaves the command no time at all", arguments.written(option)));
  }
  return limit;
}

void read_hang(ShardSpec& spec, const Arguments& arguments) {
  spec.timeout = limit_of(arguments, "timeout");
  spec.silence = limit_of(arguments, "silence");
  spec.dump_grace = arguments.duration("dump-grace").value_or(spec.dump_grace);
  spec.artifacts = arguments.text("artifacts");
  if (!arguments.has("dump-signal")) return;
  const auto text = arguments.text("dump-signal");
  const auto signal = sys::parse_signal(text);
  if (!signal || *signal == SIGKILL || *signal == SIGSTOP) {
    throw UsageError(fmt::format("{}: '{}' is no signal that a program can handle",
                                 arguments.written("dump-signal"), sys::escape(text)),
                     "For node --report-on-signal: --dump-signal USR2");
  }
  spec.dump_signal = *signal;
}

}  // namespace

ShardSpec read_spec(const Arguments& arguments) {
  ShardSpec spec;
  spec.command = arguments.command;
  spec.environment = inherited_environment();
  spec.workdir = arguments.text("workdir");
  spec.name = arguments.text("name");
  spec.hostname = arguments.text("hostname");
  if (spec.hostname.size() > 64)
    throw UsageError(arguments.written("hostname") + ": a host name has 64 bytes at most");
  spec.map_root = arguments.has("map-root");
  if (arguments.has("user")) spec.user = find_user(arguments.text("user"), arguments.written("user"));
  add_variables(spec.variables, arguments, other_user(spec));
  spec.require_proc = arguments.has("require-proc");
  spec.private_paths = arguments.all("private");
  for (const auto& text : arguments.all("overlay")) {
    spec.overlays.push_back(parse_overlay(text, arguments.written("overlay") + ": "));
  }
  read_isolation(spec, arguments);
  read_tmp(spec, arguments);
  read_limits(spec, arguments);
  read_ports(spec, arguments);
  read_ending(spec, arguments);
  read_hang(spec, arguments);
  spec.capture = read_capture(arguments);
  read_shard_part(spec, arguments, wants_fleet(arguments));
  return spec;
}

}  // namespace nslaunch::cli
