// usage: two-shards SCRIPT LIMITED-SCRIPT
// Runs two shell scripts at once, each in a shard of its own, from one event loop. The second has one second;
// a Ctrl-C or SIGTERM is for both.
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <nslaunch/error.hpp>
#include <nslaunch/shard.hpp>
#include <string>

namespace {

nslaunch::Shard start(const std::string& name, const std::string& script) {
  nslaunch::ShardSpec spec;
  spec.name = name;
  spec.command = {"sh", "-c", script};
  for (char** entry = environ; *entry != nullptr; ++entry) spec.environment.emplace_back(*entry);
  if (name == "second") spec.timeout = std::chrono::seconds{1};
  nslaunch::ShardOptions options;
  options.streams.in = -1;
  options.messages.warning = [name](std::string_view line) { std::cerr << name << ": " << line << '\n'; };
  return nslaunch::Shard(spec, options);
}

void tell(const std::string& name, const nslaunch::Shard& shard) try {
  const auto& outcome = shard.outcome();
  std::cout << name << ": ";
  if (outcome.cause == nslaunch::EndCause::kTimeout) {
    std::cout << "ran out of time\n";
  } else if (outcome.term_signal != 0) {
    std::cout << "ended by signal " << outcome.term_signal << '\n';
  } else {
    std::cout << "exit status " << outcome.exit_status << '\n';
  }
} catch (const nslaunch::Error& error) {
  std::cout << name << ": " << error.what() << '\n';
}

/// SIGINT and SIGTERM as a descriptor: a Shard leaves the signals of its process to it.
int take_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::cerr << "two-shards: which scripts? two-shards SCRIPT LIMITED-SCRIPT\n";
    return 125;
  }
  // Before the signals are blocked: what is blocked here is for the scripts, too.
  auto first = start("first", argv[1]);
  auto second = start("second", argv[2]);
  const int signals = take_signals();
  while (!first.ended() || !second.ended()) {
    pollfd watched[] = {{first.fd(), POLLIN, 0}, {second.fd(), POLLIN, 0}, {signals, POLLIN, 0}};
    if (poll(watched, 3, -1) < 0) continue;
    if (watched[0].revents != 0) first.handle_events();
    if (watched[1].revents != 0) second.handle_events();
    signalfd_siginfo info = {};
    if (watched[2].revents != 0 && read(signals, &info, sizeof info) == sizeof info) {
      first.signal(static_cast<int>(info.ssi_signo));
      second.signal(static_cast<int>(info.ssi_signo));
    }
  }
  tell("first", first);
  tell("second", second);
  return 0;
} catch (const nslaunch::Error& error) {
  std::cerr << "two-shards: " << error.what() << '\n';
  return 125;
}
