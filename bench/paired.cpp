// nslaunch_bench: measures nslaunch against the floor program and others like it, in turn
// and on the same machine, and prints Markdown tables (docs/benchmarks.md).

#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "bench/forest.hpp"
#include "bench/interrupt.hpp"
#include "bench/scenarios.hpp"
#include "bench/stream.hpp"

namespace nslaunch::bench {
namespace {

struct Scenario {
  const char* name;
  void (*measure)(const Setup&);
};

constexpr Scenario kScenarios[] = {
    {"start", measure_start},   {"many", measure_many},         {"teardown", measure_teardown},
    {"memory", measure_memory}, {"registry", measure_registry}, {"relay", measure_relay},
    {"suite", measure_suite},
};

constexpr const char* kUsage =
    "usage: nslaunch_bench start|many|teardown|memory|registry|relay|suite|all [OPTION VALUE]...\n"
    "  --rounds N       measurements of each program\n"
    "  --shards N       how many (many, registry, suite)\n"
    "  --user NAME      for the rootless half when run as root (nobody)\n"
    "  --nslaunch PATH  the program to measure (../nslaunch)\n"
    "  --floor PATH     the floor program (./nslaunch_floor)\n";

int perform(const std::vector<std::string>& words) {
  if (words.size() == 3 && words[0] == "forest")
    return run_as_forest(std::stoul(words[1]), std::stoi(words[2]));
  if (words.size() == 2 && words[0] == "serve")
    return run_as_server(static_cast<std::uint16_t>(std::stoul(words[1])));
  if (words.empty()) throw std::invalid_argument("which scenario?");
  const auto setup = read_options({words.begin() + 1, words.end()});
  bool found = false;
  for (const auto& scenario : kScenarios) {
    if (words[0] != scenario.name && words[0] != "all") continue;
    found = true;
    scenario.measure(setup);
  }
  if (!found) throw std::invalid_argument("there is no scenario '" + words[0] + "'");
  return 0;
}

}  // namespace
}  // namespace nslaunch::bench

int main(int argc, char** argv) {
  namespace bench = nslaunch::bench;
  bench::install_interrupt_handlers();
  try {
    return bench::perform({argv + 1, argv + argc});
  } catch (const bench::Interrupted& interrupted) {
    std::signal(interrupted.signal, SIG_DFL);
    std::raise(interrupted.signal);
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "nslaunch_bench: %s\n%s", error.what(), bench::kUsage);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "nslaunch_bench: %s\n", error.what());
  }
  return 1;
}
