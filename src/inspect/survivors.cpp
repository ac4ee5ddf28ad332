#include "inspect/survivors.hpp"

#include <algorithm>

#include "inspect/listeners.hpp"
#include "inspect/processes.hpp"
#include "inspect/shard.hpp"

namespace nslaunch::inspect {
namespace {

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
