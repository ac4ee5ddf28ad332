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

void tell(const nslaunch::Outcome& outcome, int status) {
  std::cout << "isolation: " << outcome.isolation << '\n' << "exit status: " << status << '\n';
  std::cout << "leaks: " << outcome.leak_count << '\n';
  for (const auto& leak : outcome.leaks) {
    std::cout << "  " << leak.command_line;
    for (const auto& address : leak.listening) std::cout << ", listening on " << address;
    std::cout << '\n';
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
