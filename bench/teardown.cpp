#include <csignal>
#include <stdexcept>

#include "bench/forest.hpp"
#include "bench/race.hpp"
#include "bench/scenarios.hpp"
#include "bench/tree.hpp"

namespace nslaunch::bench {
namespace {

constexpr std::size_t kRounds = 20;
constexpr std::size_t kProcesses = 1'000;

enum class Victim { kLauncher, kInit };

// The kernel's own time is that of a PID namespace whose init is killed by us; a launcher's
// has its death, and what makes init follow, in it as well.
double time_to_all_gone(const Setup& setup, const Role& role, const Contestant& contestant, Victim victim) {
  Forests forests;
  const auto launcher = forests.plant(setup, role, contestant, kProcesses);
  forests.wait_until_up();
  const auto children = Processes().children_of(launcher);
  if (children.size() != 1) throw std::runtime_error(contestant.name + " has no init");
  const auto init = open_pidfd(children[0]);

  const auto start = Clock::now();
  kill(victim == Victim::kInit ? children[0] : launcher, SIGKILL);
  wait_for_end(init);
  return elapsed_ms(start);
}

void measure(const Setup& setup, const Role& role) {
  const Scratch scratch;
  use_fresh_registry(scratch, role);
  const auto rounds = setup.rounds_or(kRounds);
  print_heading(std::to_string(kProcesses) + " processes in a shard, SIGKILL, until all are gone, " +
                    role.title + ", " + std::to_string(rounds) + " rounds",
                {"killed", "ms (middle half)", "× the kernel's"});
  const auto all = find_contestants(setup, role, scratch, {"floor", "nslaunch"});
  const auto contestants = those_taking_part(all);

  std::vector<Lane<double>> lanes;
  for (const auto& contestant : contestants) {
    const auto victim = lanes.empty() ? Victim::kInit : Victim::kLauncher;
    lanes.push_back([&, victim] { return time_to_all_gone(setup, role, contestant, victim); });
  }
  const auto samples = race(lanes, rounds);
  for (std::size_t i = 0; i < contestants.size(); ++i)
    print_row({i == 0 ? "floor's init (the kernel's own time)" : contestants[i].name + "'s launcher",
               median_and_half(samples[i], 1), number(ratio(samples[i], samples[0]), 2)});
  print_skipped(all, 3);
}

}  // namespace

void measure_teardown(const Setup& setup) {
  for (const auto& role : setup.roles) measure(setup, role);
}

}  // namespace nslaunch::bench
