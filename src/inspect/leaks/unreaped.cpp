#include "inspect/leaks/unreaped.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "inspect/snapshot/processes.hpp"

namespace nslaunch::inspect {
namespace {

std::chrono::microseconds time_of(std::uint64_t ticks) {
  static const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return std::chrono::microseconds(ticks * 1'000'000 / per_second);
}

std::uint64_t peak_memory_of(pid_t shown) {
  return std::strtoull(sys::status_field(shown, "VmHWM").value_or("0").c_str(), nullptr, 10) * 1024;
}

void add(const Process& process, nslaunch::Usage& usage) {
  const auto& stat = process.stat;
  usage.user += time_of(stat.utime_ticks + stat.children_utime_ticks);
  usage.system += time_of(stat.stime_ticks + stat.children_stime_ticks);
  usage.peak_memory = std::max(usage.peak_memory, peak_memory_of(process.shown()));
}

}  // namespace

Unreaped look_at_unreaped() noexcept {
  Unreaped unreaped;
  try {
    const auto processes = running_processes();
    unreaped.processes = processes.size();
    for (const auto& process : processes) add(process, unreaped.usage);
  } catch (...) {
    // Out of memory: what was found so far is still worth telling.
  }
  return unreaped;
}

}  // namespace nslaunch::inspect
