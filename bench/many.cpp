#include <stdexcept>
#include <thread>

#include "bench/race.hpp"
#include "bench/scenarios.hpp"

namespace nslaunch::bench {
namespace {

constexpr std::size_t kRounds = 10;
constexpr std::size_t kShards = 200;

// The kernel frees network namespaces in the background long after their last process is
// gone; without a pause a round would pay for the one before.
constexpr std::chrono::seconds kSettle{2};

double time_all(const Program& program, std::size_t count) {
  std::this_thread::sleep_for(kSettle);
  std::vector<Child> children;
  const auto start = Clock::now();
  for (std::size_t i = 0; i < count; ++i) children.push_back(spawn(program));
  int failed = 0;
  for (auto& child : children) failed += child.wait().status != 0;
  const double elapsed = elapsed_ms(start);
  if (failed != 0) throw std::runtime_error(std::to_string(failed) + " of " + program.argv[0] + " failed");
  return elapsed;
}

Contestant one_run_of_many(const Setup& setup, const Role& role, std::size_t count) {
  const auto text = std::to_string(count);
  Contestant one{
      "nslaunch run --shards " + text, {setup.nslaunch, "run", "--shards", text, "-j", text, "--"}, "", ""};
  if (capture(wrap(one, role, {require_program("true")})).status != 0) one.skipped = "not in this version";
  return one;
}

void measure(const Setup& setup, const Role& role) {
  const Scratch scratch;
  use_fresh_registry(scratch, role);
  const auto shards = setup.shards_or(kShards);
  const auto rounds = setup.rounds_or(kRounds);
  const std::vector<std::string> command{require_program("true")};

  print_heading(std::to_string(shards) + " shards of `true` at once, " + role.title + ", " +
                    std::to_string(rounds) + " rounds",
                {"program", "ms for all (middle half)", "shards a second", "throughput, × the floor's"});
  auto all = find_contestants(setup, role, scratch, {"floor", "nslaunch"});
  all.push_back(one_run_of_many(setup, role, shards));
  const auto contestants = those_taking_part(all);

  std::vector<Lane<double>> lanes;
  for (const auto& contestant : contestants) {
    const auto count = contestant.name == all.back().name ? 1 : shards;
    lanes.push_back([program = wrap(contestant, role, command), count] { return time_all(program, count); });
  }
  const auto samples = race(lanes, rounds);
  for (std::size_t i = 0; i < contestants.size(); ++i)
    print_row({contestants[i].name, median_and_half(samples[i], 0),
               number(1000.0 * static_cast<double>(shards) / median(samples[i]), 0),
               number(ratio(samples[0], samples[i]), 2)});
  print_skipped(all, 4);
}

}  // namespace

void measure_many(const Setup& setup) {
  for (const auto& role : setup.roles) measure(setup, role);
}

}  // namespace nslaunch::bench
