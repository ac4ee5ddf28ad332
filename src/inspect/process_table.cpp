#include "inspect/process_table.hpp"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <vector>

namespace nslaunch::inspect {

ProcessTable::ProcessTable(const std::unordered_set<pid_t>& of_no_interest) {
  for (const pid_t pid : sys::all_pids()) {
    if (of_no_interest.contains(pid)) continue;
    auto stat = sys::read_stat(pid);
    if (!stat) continue;
    const auto place = children_.emplace(stat->parent, std::move(*stat));
    by_pid_.emplace(pid, &place->second);
  }
}

std::optional<Summary> ProcessTable::summary_of(pid_t init) const {
  const auto found = by_pid_.find(init);
  if (found == by_pid_.end()) return std::nullopt;
  const auto ticks_per_second = static_cast<std::uint64_t>(std::max(::sysconf(_SC_CLK_TCK), 1L));
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  Summary sum;
  std::uint64_t ticks = 0;
  std::vector<const sys::ProcessStat*> ahead = {found->second};
  std::set<pid_t> seen;  // pids reused while we looked could form a circle
  while (!ahead.empty()) {
    const auto& process = *ahead.back();
    ahead.pop_back();
    if (!seen.insert(process.pid).second) continue;
    ++sum.processes;
    ticks += process.utime_ticks + process.stime_ticks;
    sum.rss_bytes += process.rss_pages * page;
    const auto [first, last] = children_.equal_range(process.pid);
    for (auto child = first; child != last; ++child) ahead.push_back(&child->second);
  }
  sum.cpu = std::chrono::milliseconds(ticks * 1000 / ticks_per_second);
  return sum;
}

}  // namespace nslaunch::inspect
