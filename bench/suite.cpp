#include "bench/race.hpp"
#include "bench/scenarios.hpp"

namespace nslaunch::bench {
namespace {

constexpr std::size_t kRounds = 5;
constexpr std::size_t kShards = 200;
constexpr std::size_t kWriters = 8;
constexpr std::size_t kLines = 3'500'000;
constexpr double kMebibytes = kWriters * 26'888'896.0 / (1 << 20);  // seq 3500000 | wc -c

/// One way to run all of a suite, or the reason why it can't be had.
struct Way {
  std::string name;
  std::vector<std::string> argv;
  std::string skipped;
};

/// Its path in place of the first word.
Way way_through(std::string name, const std::string& program, std::vector<std::string> options) {
  const auto path = find_program(program);
  options.insert(options.begin(), path.value_or(program));
  return {std::move(name), std::move(options), path ? "" : "not installed"};
}

/// The first way's time is what the others are measured by; the second is nslaunch's.
void compare(const std::vector<Way>& ways, const Role& role, std::size_t rounds, double amount,
             int decimals) {
  std::vector<Lane<double>> lanes;
  std::vector<Way> taking_part;
  for (const auto& way : ways) {
    if (!way.skipped.empty()) continue;
    taking_part.push_back(way);
    lanes.push_back([program = Program{way.argv, role.account}] { return time_to_exit(program); });
  }
  const auto samples = race(lanes, rounds);
  for (std::size_t i = 0; i < taking_part.size(); ++i) {
    print_row({taking_part[i].name, median_and_half(samples[i], 0),
               number(1000.0 * amount / median(samples[i]), decimals),
               number(ratio(samples[0], samples[i]), 2)});
  }
  for (const auto& way : ways)
    if (!way.skipped.empty()) print_row({way.name, "skipped: " + way.skipped, "–", "–"});
}

void measure_starts(const Setup& setup, const Role& role, std::size_t jobs) {
  const auto shards = setup.shards_or(kShards);
  const auto rounds = setup.rounds_or(kRounds);
  const auto at_once = std::to_string(jobs);
  const auto count = std::to_string(shards);
  const auto nothing = require_program("true");
  print_heading(count + " shards of `true`, " + at_once + " at once, " + role.title + ", " +
                    std::to_string(rounds) + " rounds",
                {"program", "ms for all (middle half)", "shards a second", "throughput, × the floor's"});
  const auto shell = require_program("sh");
  const auto parallel = find_program("parallel");
  const std::string unshare = role.account ? "unshare --map-current-user" : "unshare";
  compare({{"xargs -P, the floor",
            {shell, "-c", "seq $1 | xargs -n 1 -P $2 $0 true", setup.floor, count, at_once},
            ""},
           {"nslaunch run --shards",
            {setup.nslaunch, "run", "--shards", count, "-j", at_once, "--", nothing},
            ""},
           {"xargs -P, nslaunch --",
            {shell, "-c", "seq $1 | xargs -n 1 -P $2 $0 -- true", setup.nslaunch, count, at_once},
            ""},
           {"parallel, unshare",
            {shell, "-c", "seq $1 | $0 -j $2 " + unshare + " -n -p -m -i -f --mount-proc --kill-child true",
             parallel.value_or("parallel"), count, at_once},
            parallel ? "" : "not installed"}},
          role, rounds, static_cast<double>(shards), 0);
}

/// The numbers from 1 on, a line each, which their writer makes faster than anybody reads them.
void measure_output(const Setup& setup, const Role& role) {
  const auto rounds = setup.rounds_or(kRounds);
  const auto writers = std::to_string(kWriters);
  const auto lines = std::to_string(kLines);
  print_heading(writers + " × 27 MB of lines, two at once, line by line into a pipe, " + role.title + ", " +
                    std::to_string(rounds) + " rounds",
                {"program", "ms for all (middle half)", "MiB a second", "throughput, × parallel's"});
  const auto shell = require_program("bash");
  const auto seq = require_program("seq");
  const auto into_pipe = [&](Way way) {
    way.argv.insert(way.argv.begin(), {shell, "-o", "pipefail", "-c", "\"$0\" \"$@\" | cat >/dev/null"});
    return way;
  };
  std::vector<std::string> of_parallel{"-j", "2", "--line-buffer", "--tag", "seq " + lines + "; :", ":::"};
  std::vector<std::string> of_concurrently{"--max-processes", "2"};
  for (std::size_t writer = 0; writer < kWriters; ++writer) {
    of_parallel.push_back(std::to_string(writer));
    of_concurrently.push_back("seq " + lines);
  }
  const auto of_nslaunch = [&](const std::string& output) {
    return std::vector<std::string>{setup.nslaunch, "run",  "--shards", writers, "-j", "2",
                                    "--output",     output, "--",       seq,     lines};
  };
  compare({into_pipe(way_through("parallel --line-buffer --tag", "parallel", of_parallel)),
           into_pipe({"nslaunch run --output stream", of_nslaunch("stream"), ""}),
           into_pipe({"nslaunch run --output group", of_nslaunch("group"), ""}),
           into_pipe(way_through("concurrently", "concurrently", of_concurrently))},
          role, rounds, kMebibytes, 0);
}

}  // namespace

void measure_suite(const Setup& setup) {
  for (const auto& role : setup.roles) {
    const Scratch scratch;
    use_fresh_registry(scratch, role);
    for (const std::size_t jobs : {2U, 8U, 32U}) measure_starts(setup, role, jobs);
    measure_output(setup, role);
  }
}

}  // namespace nslaunch::bench
