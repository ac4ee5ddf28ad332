#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/contestants.hpp"
#include "bench/statistics.hpp"

namespace nslaunch::bench {

/// Takes one measurement.
template <typename Measurement>
using Lane = std::function<Measurement()>;

/// Measures every lane once a round, each round in another order, so that what disturbs the
/// machine disturbs all alike. One more round goes before, unmeasured. Returns a lane's
/// measurements at the lane's index.
template <typename Measurement>
std::vector<std::vector<Measurement>> race(const std::vector<Lane<Measurement>>& lanes, std::size_t rounds) {
  std::vector<std::vector<Measurement>> measured(lanes.size());
  for (const auto& lane : lanes) lane();
  for (std::size_t round = 0; round < rounds; ++round)
    for (const auto index : next_order(lanes.size())) measured[index].push_back(lanes[index]());
  return measured;
}

/// What a program took, in milliseconds.
struct Cost {
  double wall = 0;  ///< from before its start to after its end
  double cpu = 0;   ///< its own and that of all it waited for
};

/// Runs a program to its end; throws if it fails.
Cost cost_of(const Program& program);

/// The wall-clock half of cost_of.
double time_to_exit(const Program& program);

/// A Markdown table: its heading, its first line, the rows.
void print_heading(const std::string& title, const std::vector<std::string>& columns);
void print_row(const std::vector<std::string>& cells);

/// The last rows of a table: who was left out, and why.
void print_skipped(const std::vector<Contestant>& contestants, std::size_t columns);

std::vector<Contestant> those_taking_part(std::vector<Contestant> contestants);

}  // namespace nslaunch::bench
