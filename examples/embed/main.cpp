// usage: embed COMMAND [ARG...]
// Runs a command in a shard by the library, and tells how it ended and what it has left behind.
#include <unistd.h>

#include <iostream>
#include <nslaunch/error.hpp>
#include <nslaunch/run.hpp>

namespace {

nslaunch::ShardSpec spec_of(char** command) {
  nslaunch::ShardSpec spec;
  for (; *command != nullptr; ++command) spec.command.emplace_back(*command);
  for (char** entry = environ; *entry != nullptr; ++entry) spec.environment.emplace_back(*entry);
  return spec;
}

// On stderr: run_shard() gives standard output to the command for good.
void tell(const nslaunch::Outcome& outcome, int status) {
  std::cerr << "isolation: " << outcome.isolation << '\n' << "exit status: " << status << '\n';
  std::cerr << "leaks: " << outcome.leak_count << '\n';
  for (const auto& leak : outcome.leaks) {
    std::cerr << "  " << leak.command_line;
    for (const auto& address : leak.listening) std::cerr << ", listening on " << address;
    std::cerr << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::cerr << "embed: which command? embed COMMAND [ARG...]\n";
    return 125;
  }
  const auto spec = spec_of(argv + 1);
  // Returns when the command has ended and the kernel has ended all that was left of it.
  const auto outcome = nslaunch::run_shard(spec);
  const int status = nslaunch::exit_status(outcome, spec);
  tell(outcome, status);
  return status;
} catch (const nslaunch::Error& error) {
  std::cerr << "embed: " << error.what() << '\n';
  return 125;
}
