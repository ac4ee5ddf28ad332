#include "cli/run_options.hpp"

namespace nslaunch::cli {
namespace {

// Every row but --isolation has its twin in the environment: less isolation is only ever asked for
// by name, where one can see it.
constexpr Option kRunOptions[] = {
    {"name", 'n', "NAME", "name the shard (default: its id)", false, true},
    {"env", 'e', "NAME=VALUE", "set a variable for the command (repeatable)", true, true},
    {"env-file", 0, "FILE", "set the variables that FILE holds, one a line (repeatable)", true, true},
    {"shard", 0, "I/N|auto", "be the I-th of N; auto: as the CI engine says", false, true},
    {"shard-env", 0, "bazel|gtest|harper|ci-node", "tell a test runner so (repeatable)", true, true},
    {"workdir", 'w', "DIR", "run the command in DIR", false, true},
    {"user", 'u', "USER[:GROUP]", "run the command as this user (root only)", false, true},
    {"map-root", 0, nullptr, "be uid 0 inside (not root outside)", false, true},
    {"hostname", 0, "NAME", "give the shard a host name of its own", false, true},
    {"tmp", 0, "private|host|DIR", "what /tmp is (default: private)", false, true},
    {"tmp-size", 0, "SIZE", "limit of the private /tmp (default: half of the memory)", false, true},
    {"keep", 'k', "PATH", "keep PATH of the host's /tmp visible (repeatable)", true, true},
    {"private", 'p', "PATH", "cover PATH with an empty private folder (repeatable)", true, true},
    {"overlay", 0, "PATH[=DIR]", "keep changes below PATH to the shard (repeatable)", true, true},
    {"memory", 0, "SIZE", "the most memory that the shard may use (cgroup v2)", false, true},
    {"pids", 0, "N", "the most processes that it may have (cgroup v2)", false, true},
    {"net", 0, "none", "the network: a loopback of its own and nothing else", false, true},
    {"publish", 0, "PORT[:SHARDPORT]", "lead a port outside to a server in the shard (repeatable)", true,
     true},
    {"reach", 0, "PORT=HOST:PORT", "lead a port in the shard to a service outside (repeatable)", true, true},
    {"require-proc", 0, nullptr, "fail without a fresh, writable /proc", false, true},
    {"isolation", 0, "full|none", "'none' runs the command directly", false, false},
    {"timeout", 't', "DURATION", "end the command after DURATION (exit 124)", false, true},
    {"silence", 0, "DURATION", "end it after DURATION without output (exit 124)", false, true},
    {"dump-signal", 0, "SIGNAL", "first send this to a hung command (node: USR2)", false, true},
    {"dump-grace", 0, "DURATION", "time for what that does (default: 2s)", false, true},
    {"artifacts", 0, "DIR", "keep what is found there; $NSLAUNCH_ARTIFACTS", false, true},
    {"grace", 'g', "DURATION", "from SIGTERM to SIGKILL (default: 4s)", false, true},
    {"leaks", 'l', "warn|fail|ignore", "processes left at the end (default: warn; fail: exit 123)", false,
     true},
    {"leak-grace", 0, "DURATION", "time to end before being a leak (default: 250ms)", false, true},
    {"pcap", 0, "FILE[:on-failure]", "write the shard's packets to FILE", false, true},
    {"pcap-size", 0, "SIZE", "limit of that file (default: 64M)", false, true},
    {"hold-on-failure", 0, "DURATION", "keep the shard of a failed command for exec, port-forward", false,
     true},
    {"report-json", 0, "FILE", "write how it ended to FILE, as JSON", false, true},
    {"shards", 0, "N", "split the suite: run N shards, with {index} and {total} in the command", false, true},
    {"each", 0, "FILE|-", "one shard for each line of FILE, which is {} in the command", false, true},
    {"jobs", 'j', "N", "how many run at once (default: what processors and memory allow)", false, true},
    {"cpus", 0, "auto|off|K", "processors of its own for each that runs (default: auto)", false, true},
    {"stagger", 0, "DURATION", "the least time between two starts", false, true},
    {"retries", 0, "N", "try a shard that fails again, N times at most", false, true},
    {"repeat", 0, "N", "run each shard N times", false, true},
    {"until-fail", 0, nullptr, "run the shards again and again, until one fails", false, true},
    {"fail-fast", 0, nullptr, "end all when one fails", false, true},
    {"slow", 0, "DURATION", "say of a shard that takes longer that it is slow", false, true},
    {"total-timeout", 0, "DURATION", "end all after DURATION (exit 124)", false, true},
    {"output", 0, "group|stream|failed", "what is shown of the shards' output (default: group)", false, true},
    {"report-junit", 0, "FILE", "write what became of each shard to FILE, as JUnit XML", false, true},
    {"collect-junit", 0, "GLOB", "add the test cases of the JUnit files there (repeatable)", true, true},
    {"joblog", 0, "FILE", "write a line for each attempt to FILE, as GNU parallel does", false, true},
    {"ci", 0, "auto|github|gitlab|off", "whose log is written to (default: auto)", false, true},
    {"github", 0, nullptr, "the same as --ci github"},
    {"orphan", 0, "end|ignore", "end with whoever started nslaunch (default: end)", false, true},
    kColorOption,
    {"verbose", 'v', nullptr, "tell of every step, and the receipt", false, true},
};

}  // namespace

std::span<const Option> run_options() {
  return kRunOptions;
}

}  // namespace nslaunch::cli
