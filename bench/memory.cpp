#include <unistd.h>

#include <stdexcept>

#include "bench/forest.hpp"
#include "bench/race.hpp"
#include "bench/scenarios.hpp"
#include "bench/tree.hpp"

namespace nslaunch::bench {
namespace {

constexpr std::size_t kRounds = 5;

struct Resident {
  std::size_t processes = 0;
  double kib = 0;
};

Resident look_at_live(const Setup& setup, const Role& role, const Contestant& contestant) {
  Forests forests;
  const auto launcher = forests.plant(setup, role, contestant, 0);
  forests.wait_until_up();
  Resident resident;
  for (const auto pid : resident_part(launcher)) {
    ++resident.processes;
    resident.kib += private_dirty_kib(pid);
  }
  return resident;
}

std::vector<std::string> row_of(const Setup& setup, const Role& role, const Contestant& contestant) {
  Samples kib;
  Resident resident;
  for (std::size_t round = 0; round < setup.rounds_or(kRounds); ++round) {
    resident = look_at_live(setup, role, contestant);
    kib.push_back(resident.kib);
  }
  return {contestant.name, std::to_string(resident.processes), number(median(kib), 0)};
}

void measure(const Setup& setup, const Role& role) {
  const Scratch scratch;
  use_fresh_registry(scratch, role);
  print_heading("Private dirty memory of launcher and init while the command runs, " + role.title,
                {"program", "processes", "KiB in all"});
  auto all = find_contestants(setup, role, scratch);
  for (const auto& contestant : those_taking_part(all)) {
    try {
      print_row(row_of(setup, role, contestant));
    } catch (const std::runtime_error& error) {
      all.push_back({contestant.name, {}, "", error.what()});
    }
  }
  print_skipped(all, 3);
}

}  // namespace

void measure_memory(const Setup& setup) {
  // The text of a program that was just built is dirty until it is written back, and would
  // count as its process's own.
  sync();
  for (const auto& role : setup.roles) measure(setup, role);
}

}  // namespace nslaunch::bench
