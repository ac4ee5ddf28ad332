#include "cli/run/run_options.hpp"

namespace nslaunch::cli {
namespace {

// Every row except --isolation and --github has a twin in the environment: less isolation must be requested
// explicitly, where it is visible.
constexpr Option kRunOptions[] = {
    {"name", 'n', "NAME", "name of the shard (default: its ID)", false, true, "The command"},
    {"env", 'e', "NAME=VALUE", "set a variable for the command", true, true},
    {"env-file", 0, "FILE", "read variables from FILE, one per line", true, true},
    {"workdir", 'w', "DIR", "run the command in DIR", false, true},
    {"user", 'u', "USER[:GROUP]", "run the command as USER (root only)", false, true},
    {"map-root", 0, nullptr, "be uid 0 in the shard (not root outside)", false, true},

    {"tmp", 0, "private|host|DIR", "what /tmp is (default: private)", false, true, "Isolation"},
    {"tmp-size", 0, "SIZE", "size limit of the private /tmp (default: half of the memory)", false, true},
    {"keep", 'k', "PATH", "keep PATH below the host's /tmp visible", true, true},
    {"private", 'p', "PATH", "cover PATH with an empty private directory", true, true},
    {"overlay", 0, "PATH[=DIR]", "keep changes below PATH in the shard, or in DIR", true, true},
    {"memory", 0, "SIZE", "memory limit of the shard (cgroup v2)", false, true},
    {"pids", 0, "N", "limit on its processes and threads (cgroup v2)", false, true},
    {"net", 0, "none", "network of the shard: its own loopback only", false, true},
    {"publish", 0, "PORT[:SHARDPORT]", "forward a host port into the shard", true, true},
    {"reach", 0, "PORT=HOST:PORT", "forward a port in the shard to a service outside", true, true},
    {"hostname", 0, "NAME", "give the shard its own host name", false, true},
    {"require-proc", 0, nullptr, "fail without a fresh, writable /proc", false, true},
    {"isolation", 0, "full|none", "none: run the command directly", false, false},

    {"timeout", 't', "DURATION", "end the command after DURATION (exit 124)", false, true, "Time and end"},
    {"silence", 0, "DURATION", "end it after DURATION without output (exit 124)", false, true},
    {"total-timeout", 0, "DURATION", "end all shards after DURATION (exit 124)", false, true},
    {"grace", 'g', "DURATION", "time from SIGTERM to SIGKILL (default: 4s)", false, true},
    {"leaks", 'l', "warn|fail|ignore", "on processes left behind (default: warn; fail: exit 123)", false,
     true},
    {"leak-grace", 0, "DURATION", "time for them to end (default: 250ms)", false, true},
    {"orphan", 0, "end|ignore", "when the parent of nslaunch has ended (default: end)", false, true},

    {"shards", 0, "N", "run N shards; {index} and {total} in the command tell which", false, true,
     "Several shards"},
    {"each", 0, "FILE|-", "run a shard for each line of FILE, which replaces {}", false, true},
    {"shard", 0, "I/N|auto", "run part I of N; auto: as the CI engine's variables say", false, true},
    {"shard-env", 0, "bazel|gtest|harper|ci-node", "set the sharding variables of this test runner", true,
     true},
    {"jobs", 'j', "N", "shards at once (default: by processors and memory)", false, true},
    {"cpus", 0, "auto|off|K", "processors reserved for each shard (default: auto)", false, true},
    {"stagger", 0, "DURATION", "least time between two starts", false, true},
    {"retries", 0, "N", "retry a shard that fails up to N times", false, true},
    {"repeat", 0, "N", "run each shard N times", false, true},
    {"until-fail", 0, nullptr, "run the shards again and again until one fails", false, true},
    {"fail-fast", 0, nullptr, "end all shards when one fails", false, true},
    {"slow", 0, "DURATION", "report a shard that takes longer as slow", false, true},

    {"output", 0, "group|stream|failed", "what to show of the shards' output (default: group)", false, true,
     "Output"},
    {"ci", 0, "auto|github|gitlab|off", "format of the log (default: auto)", false, true},
    {"github", 0, nullptr, "the same as --ci github"},
    kColorOption,
    {"verbose", 'v', nullptr, "trace each step, and summarize", false, true},

    {"report-json", 0, "FILE", "write a JSON report to FILE", false, true, "Reports"},
    {"report-junit", 0, "FILE", "write the result of each shard to FILE, as JUnit XML", false, true},
    {"collect-junit", 0, "GLOB", "add the test cases of these JUnit files", true, true},
    {"joblog", 0, "FILE", "write a line per attempt to FILE, as GNU parallel does", false, true},

    {"artifacts", 0, "DIR", "directory for output and hang reports, $NSLAUNCH_ARTIFACTS", false, true,
     "Debugging"},
    {"hold-on-failure", 0, "DURATION", "keep the shard of a failed command for exec", false, true},
    {"dump-signal", 0, "SIGNAL", "send this first to a command that hangs (Node.js: USR2)", false, true},
    {"dump-grace", 0, "DURATION", "time for what that does (default: 2s)", false, true},
    {"log", 0, "FILE", "log each step, message, signal and decision to FILE", false, true},
    {"pcap", 0, "FILE[:on-failure]", "write the shard's packets to FILE", false, true},
    {"pcap-size", 0, "SIZE", "size limit of that file (default: 64M)", false, true},
};

}  // namespace

std::span<const Option> run_options() {
  return kRunOptions;
}

}  // namespace nslaunch::cli
