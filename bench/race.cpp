#include "bench/race.hpp"

#include <cstdio>
#include <stdexcept>

namespace nslaunch::bench {

Cost cost_of(const Program& program) {
  const auto start = Clock::now();
  const auto ending = spawn(program).wait();
  const double wall = elapsed_ms(start);
  if (ending.status != 0)
    throw std::runtime_error(program.argv[0] + " failed with status " + std::to_string(ending.status));
  return {wall, ending.cpu_ms};
}

double time_to_exit(const Program& program) {
  return cost_of(program).wall;
}

void print_heading(const std::string& title, const std::vector<std::string>& columns) {
  std::printf("\n### %s\n\n", title.c_str());
  print_row(columns);
  std::printf("|");
  for (std::size_t i = 0; i < columns.size(); ++i) std::printf(i == 0 ? " --- |" : " ---: |");
  std::printf("\n");
}

void print_row(const std::vector<std::string>& cells) {
  std::printf("|");
  for (const auto& cell : cells) std::printf(" %s |", cell.c_str());
  std::printf("\n");
  std::fflush(stdout);
}

void print_skipped(const std::vector<Contestant>& contestants, std::size_t columns) {
  for (const auto& contestant : contestants) {
    if (contestant.skipped.empty()) continue;
    std::vector<std::string> cells(columns, "–");
    cells[0] = contestant.name;
    cells[1] = "skipped: " + contestant.skipped;
    print_row(cells);
  }
}

std::vector<Contestant> those_taking_part(std::vector<Contestant> contestants) {
  std::erase_if(contestants, [](const Contestant& contestant) { return !contestant.skipped.empty(); });
  return contestants;
}

}  // namespace nslaunch::bench
