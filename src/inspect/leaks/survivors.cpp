#include "inspect/leaks/survivors.hpp"

#include <algorithm>
#include <set>

#include "inspect/snapshot/command_lines.hpp"
#include "inspect/snapshot/descriptors.hpp"
#include "inspect/snapshot/processes.hpp"
#include "inspect/snapshot/shard.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::inspect {
namespace {

Leak describe(const Process& process, const Listeners& listeners, const CommandLines& lines) {
  Leak leak;
  leak.pid = process.pid;
  leak.parent_pid = process.parent;
  leak.age = age_of(process.stat).value_or(std::chrono::milliseconds{0});
  leak.command_line = lines.of(process.shown());
  leak.listening = listeners.of(process.shown());
  return leak;
}

}  // namespace

std::vector<pid_t> processes_in_own_namespace() {
  std::vector<pid_t> pids;
  for (const auto& process : running_processes()) pids.push_back(process.pid);
  return pids;
}

std::vector<Process> survivors_beside(const std::vector<pid_t>& sessions) {
  auto processes = running_processes();
  if (sessions.empty()) return processes;
  // A session is shown by its leader's pid in /proc's namespace, which may be an outer one.
  std::set<pid_t> shown(sessions.begin(), sessions.end());
  for (const auto& process : processes) {
    if (shown.contains(process.pid)) shown.insert(process.shown());
  }
  std::erase_if(processes, [&](const Process& process) { return shown.contains(process.stat.session); });
  return processes;
}

std::vector<Leak> find_survivors(const std::vector<pid_t>& sessions, std::size_t most, std::size_t& total,
                                 std::optional<uid_t> reader) noexcept {
  std::vector<Leak> leaks;
  total = kUnknownTotal;
  try {
    auto processes = survivors_beside(sessions);
    if (processes.empty() && sys::all_pids().empty()) return leaks;  // not even init
    total = processes.size();
    if (processes.empty() || most == 0) return leaks;
    processes.resize(std::min(most, processes.size()));
    const Listeners listeners;
    // The launcher ends an init that is kept waiting.
    const CommandLines lines(processes, WithoutChild::kReadAnyway);
    for (const auto& process : processes) {
      leaks.push_back(describe(process, listeners, lines));
      if (!reader || is_of(*reader, process.shown())) continue;
      leaks.back().command_line = fmt::format("({})", process.stat.comm);
      leaks.back().listening.clear();
    }
  } catch (...) {
    // Out of memory: what was found so far is still worth telling.
  }
  return leaks;
}

}  // namespace nslaunch::inspect
