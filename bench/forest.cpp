#include "bench/forest.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <stdexcept>

#include "bench/interrupt.hpp"
#include "bench/tree.hpp"

namespace nslaunch::bench {
namespace {

constexpr unsigned kLifetimeSeconds = 120;
constexpr int kPatienceMs = 60'000;
constexpr std::size_t kMostProcesses = 20'000;

}  // namespace

int run_as_forest(std::size_t count, int ready) {
  alarm(kLifetimeSeconds);
  for (std::size_t i = 0; i < std::min(count, kMostProcesses); ++i) {
    const auto pid = check(fork(), "planting a tree");
    if (pid != 0) continue;
    close(ready);
    alarm(kLifetimeSeconds);
    pause();
    _exit(0);
  }
  check(write(ready, "!", 1), "saying that the forest is up");
  close(ready);
  pause();
  return 0;
}

Forests::~Forests() {
  for (const auto& launcher : launchers_) kill_tree(launcher.pid());
}

Forests::Forests() {
  std::array<int, 2> ends{};
  check(pipe2(ends.data(), O_CLOEXEC), "making a pipe");
  ready_ = UniqueFd(ends[0]);
  inherited_ = UniqueFd(static_cast<int>(check(fcntl(ends[1], F_DUPFD, 10), "keeping a pipe open")));
  close(ends[1]);
}

pid_t Forests::plant(const Setup& setup, const Role& role, const Contestant& contestant,
                     std::size_t processes) {
  const std::vector<std::string> forest{setup.self, "forest", std::to_string(processes),
                                        std::to_string(inherited_.get())};
  launchers_.push_back(spawn(wrap(contestant, role, forest)));
  return launchers_.back().pid();
}

void Forests::wait_until_up() {
  inherited_.reset();  // so that a forest that ended too early shows as end of file
  for (std::size_t up = 0; up < launchers_.size();) {
    pollfd wait{ready_.get(), POLLIN, 0};
    if (check(poll(&wait, 1, kPatienceMs), "waiting for a forest") == 0)
      throw std::runtime_error("no forest after a minute");
    std::array<char, 256> bytes;
    const auto size = check(read(ready_.get(), bytes.data(), bytes.size()), "waiting for a forest");
    if (size == 0)
      throw std::runtime_error(
          "the command ended at once: is this program hidden inside, or its pipe closed?");
    up += static_cast<std::size_t>(size);
  }
}

}  // namespace nslaunch::bench
