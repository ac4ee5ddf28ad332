// Runs `true` in a shard and says how it ended: the smallest user of the installed library.
#include <unistd.h>

#include <iostream>
#include <nslaunch/error.hpp>
#include <nslaunch/run.hpp>

int main() try {
  nslaunch::ShardSpec spec;
  spec.command = {"true"};
  for (char** entry = environ; *entry != nullptr; ++entry) spec.environment.emplace_back(*entry);
  const nslaunch::Outcome outcome = nslaunch::run_shard(spec);
  // On stderr: run_shard gave stdout away.
  std::cerr << "exit status " << nslaunch::exit_status(outcome, spec) << '\n';
} catch (const nslaunch::Error& error) {
  std::cerr << "consumer: " << error.what() << '\n';
  return 125;
}
