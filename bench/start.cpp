#include <cstdio>

#include "bench/race.hpp"
#include "bench/scenarios.hpp"

namespace nslaunch::bench {
namespace {

constexpr std::size_t kRounds = 200;

Samples half_of(const std::vector<Cost>& costs, double Cost::*half) {
  Samples samples;
  for (const auto& cost : costs) samples.push_back(cost.*half);
  return samples;
}

// Time above bare `true`, and the row that it makes beside the floor's.
struct Above {
  Above(const std::vector<Cost>& costs, const std::vector<Cost>& bare)
      : wall(differences(half_of(costs, &Cost::wall), half_of(bare, &Cost::wall))),
        cpu(differences(half_of(costs, &Cost::cpu), half_of(bare, &Cost::cpu))) {}

  Samples wall;
  Samples cpu;
};

void print_costs(const std::string& name, const std::vector<Cost>& costs, const Above& above,
                 const Above& floor) {
  print_row({name, number(median(half_of(costs, &Cost::wall)), 2), median_and_half(above.wall, 2),
             number(ratio(above.wall, floor.wall), 2), number(median(above.cpu), 2),
             number(ratio(above.cpu, floor.cpu), 2)});
}

void measure(const Setup& setup, const Role& role) {
  const Scratch scratch;
  use_fresh_registry(scratch, role);
  const std::vector<std::string> command{require_program("true")};
  const auto rounds = setup.rounds_or(kRounds);
  const std::vector<std::string> columns{
      "program",       "ms",           "ms above bare `true` (middle half)",
      "× the floor's", "CPU ms above", "× the floor's"};
  print_heading("Start to exit of `true`, " + role.title + ", " + std::to_string(rounds) + " rounds",
                columns);
  const auto all = find_contestants(setup, role, scratch);
  const auto contestants = those_taking_part(all);

  std::vector<Lane<Cost>> lanes{[&] { return cost_of({command, role.account}); }};
  for (const auto& contestant : contestants)
    lanes.push_back([program = wrap(contestant, role, command)] { return cost_of(program); });
  const auto costs = race(lanes, rounds);

  print_row({"bare `true`", number(median(half_of(costs[0], &Cost::wall)), 2), "–", "–", "–", "–"});
  const Above floor(costs[1], costs[0]);
  for (std::size_t i = 0; i < contestants.size(); ++i)
    print_costs(contestants[i].name, costs[i + 1], {costs[i + 1], costs[0]}, floor);
  print_skipped(all, columns.size());
}

}  // namespace

void measure_start(const Setup& setup) {
  for (const auto& role : setup.roles) measure(setup, role);
}

}  // namespace nslaunch::bench
