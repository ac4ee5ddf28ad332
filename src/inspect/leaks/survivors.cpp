#include "inspect/leaks/survivors.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "inspect/snapshot/descriptors.hpp"
#include "inspect/snapshot/processes.hpp"
#include "inspect/snapshot/shard.hpp"
#include "sys/base/check.hpp"
#include "sys/base/values.hpp"

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

std::chrono::microseconds time_of(std::uint64_t ticks) {
  static const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return std::chrono::microseconds(ticks * 1'000'000 / per_second);
}

std::uint64_t peak_memory_of(pid_t shown) {
  return sys::status_number(shown, "VmHWM").value_or(0) * 1024;
}

void add(const Process& process, nslaunch::Usage& usage) {
  const auto& stat = process.stat;
  usage.user += time_of(stat.utime_ticks + stat.children_utime_ticks);
  usage.system += time_of(stat.stime_ticks + stat.children_stime_ticks);
  usage.peak_memory = std::max(usage.peak_memory, peak_memory_of(process.shown()));
}

}  // namespace

std::vector<pid_t> processes_in_own_namespace() {
  std::vector<pid_t> pids;
  for (const auto& process : running_processes()) pids.push_back(process.pid);
  return pids;
}

bool is_session_left(pid_t leader) noexcept try {
  char self[16] = "";
  const bool is_own_proc =
      ::readlink("/proc/self", self, sizeof self - 1) > 0 && sys::whole_number<pid_t>(self) == ::getpid();
  if (!is_own_proc) return true;
  return std::ranges::any_of(sys::all_pids(), [leader](pid_t pid) { return ::getsid(pid) == leader; });
} catch (const std::exception&) {
  return true;
}

std::vector<Process> survivors_beside(const std::vector<pid_t>& sessions) {
  auto processes = running_processes();
  if (sessions.empty()) return processes;
  // A session is identified by its leader's pid in /proc's namespace, which may be an outer one.
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
    if (processes.empty() && sys::all_pids().empty()) return leaks;  // /proc does not even show init
    total = processes.size();
    if (processes.empty() || most == 0) return leaks;
    processes.resize(std::min(most, processes.size()));
    const Listeners listeners;
    // The launcher kills an init that blocks here.
    const CommandLines lines(processes, WithoutChild::kReadAnyway);
    for (const auto& process : processes) {
      leaks.push_back(describe(process, listeners, lines));
      if (!reader || is_of(*reader, process.shown())) continue;
      leaks.back().command_line = fmt::format("({})", process.stat.comm);
      leaks.back().listening.clear();
    }
  } catch (...) {
    // Out of memory: what was found so far is still worth reporting.
  }
  return leaks;
}

Unreaped look_at_unreaped() noexcept {
  Unreaped unreaped;
  try {
    const auto processes = running_processes();
    unreaped.processes = processes.size();
    for (const auto& process : processes) add(process, unreaped.usage);
  } catch (...) {
    // Out of memory: what was found so far is still worth reporting.
  }
  return unreaped;
}

}  // namespace nslaunch::inspect
