#include <algorithm>
#include <stdexcept>

#include "bench/dead_records.hpp"
#include "bench/forest.hpp"
#include "bench/race.hpp"
#include "bench/scenarios.hpp"

namespace nslaunch::bench {
namespace {

constexpr std::size_t kListRounds = 50;
constexpr std::size_t kSweepRounds = 10;
constexpr std::size_t kShards = 100;
constexpr std::size_t kRecords = 10'000;

const std::vector<std::string> kColumns{"command", "ms", "ms above `nslaunch version` (middle half)"};

Contestant nslaunch(const Setup& setup, const Role& role, const Scratch& scratch) {
  return find_contestants(setup, role, scratch, {"nslaunch"}).at(0);
}

void print_against_version(const std::string& what, const Samples& samples, const Samples& version) {
  print_row({what, number(median(samples), 2), median_and_half(differences(samples, version), 2)});
}

void measure_list(const Setup& setup, const Role& role) {
  const Scratch scratch;
  use_fresh_registry(scratch, role);
  const auto shards = setup.shards_or(kShards);
  print_heading("Listing " + std::to_string(shards) + " live shards, " + role.title, kColumns);
  const auto contestant = nslaunch(setup, role, scratch);
  if (!contestant.skipped.empty()) return print_skipped({contestant}, 3);

  Forests forests;
  for (std::size_t i = 0; i < shards; ++i) forests.plant(setup, role, contestant, 0);
  forests.wait_until_up();
  const Program list{{setup.nslaunch, "list"}, role.account};
  const auto shown = capture(list).out;
  if (static_cast<std::size_t>(std::count(shown.begin(), shown.end(), '\n')) < shards)
    throw std::runtime_error("the list is not complete:\n" + shown);

  const Program version{{setup.nslaunch, "version"}, role.account};
  const auto samples =
      race<double>({[&] { return time_to_exit(version); }, [&] { return time_to_exit(list); }},
                   setup.rounds_or(kListRounds));
  print_against_version("nslaunch list", samples[1], samples[0]);
}

void measure_sweep(const Setup& setup, const Role& role) {
  const Scratch scratch;
  print_heading(std::to_string(kRecords) + " records of dead launchers, " + role.title, kColumns);
  const auto contestant = nslaunch(setup, role, scratch);
  if (!contestant.skipped.empty()) return print_skipped({contestant}, 3);

  const DeadRecords records(setup, role, contestant, scratch);
  const auto lane = [&](const std::vector<std::string>& arguments) {
    Program program{{setup.nslaunch}, role.account};
    program.argv.insert(program.argv.end(), arguments.begin(), arguments.end());
    return [&records, program] {
      records.fill(kRecords);
      return time_to_exit(program);
    };
  };
  const auto samples =
      race<double>({lane({"version"}), lane({"list"}), lane({"reap"}), lane({"--", require_program("true")})},
                   setup.rounds_or(kSweepRounds));
  print_against_version("nslaunch list", samples[1], samples[0]);
  print_against_version("nslaunch reap", samples[2], samples[0]);
  print_against_version("nslaunch -- true (sweeps a few)", samples[3], samples[0]);

  records.fill(kRecords);
  capture({{setup.nslaunch, "reap"}, role.account});
  if (records.count() != 0) throw std::runtime_error("records left after a reap");
}

}  // namespace

void measure_registry(const Setup& setup) {
  for (const auto& role : setup.roles) {
    measure_list(setup, role);
    measure_sweep(setup, role);
  }
}

}  // namespace nslaunch::bench
