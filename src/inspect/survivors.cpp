#include "inspect/survivors.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "inspect/listeners.hpp"
#include "inspect/processes.hpp"

namespace nslaunch::inspect {
namespace {

std::chrono::milliseconds age_of(const sys::ProcessStat& stat) {
  timespec now = {};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  const long ticks_per_second = std::max(::sysconf(_SC_CLK_TCK), 1L);
  const auto started = static_cast<std::int64_t>(stat.start_ticks) * 1000 / ticks_per_second;
  const auto age = std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000 - started;
  return std::chrono::milliseconds(std::max<std::int64_t>(age, 0));
}

Leak account(const Process& process, const Listeners& listeners) {
  Leak leak;
  leak.pid = process.pid;
  leak.parent_pid = process.parent;
  leak.age = age_of(process.stat);
  leak.command_line = sys::command_line(process.shown());
  leak.listening = listeners.of(process.shown());
  return leak;
}

}  // namespace

std::vector<pid_t> processes_in_own_namespace() {
  std::vector<pid_t> pids;
  for (const auto& process : running_processes()) pids.push_back(process.pid);
  return pids;
}

std::vector<Leak> find_survivors(std::size_t most, std::size_t& total) noexcept {
  std::vector<Leak> leaks;
  total = 0;
  try {
    const auto processes = running_processes();
    total = processes.size();
    if (processes.empty() || most == 0) return leaks;
    const Listeners listeners;
    for (std::size_t i = 0; i < std::min(most, processes.size()); ++i)
      leaks.push_back(account(processes[i], listeners));
  } catch (...) {
    // Out of memory: what was found so far is still worth telling.
  }
  return leaks;
}

}  // namespace nslaunch::inspect
