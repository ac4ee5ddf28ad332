#include "inspect/snapshot/process_table.hpp"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <vector>

#include "inspect/snapshot/processes.hpp"

namespace nslaunch::inspect {

namespace {

std::vector<pid_t> pids_without(const std::unordered_set<pid_t>& of_no_interest) {
  auto pids = sys::all_pids();
  std::erase_if(pids, [&](pid_t pid) { return of_no_interest.contains(pid); });
  return pids;
}

}  // namespace

ProcessReading::ProcessReading(const std::unordered_set<pid_t>& of_no_interest, WithoutChild without_child)
    : pids_(pids_without(of_no_interest)),
      without_child_(without_child),
      reads_(pids_.size(), [this](std::size_t at) { return sys::stat_line(pids_[at]); }) {}

bool ProcessReading::is_read_anyway(pid_t pid) const {
  if (without_child_ == WithoutChild::kReadNone || !reads_.had_no_child()) return false;
  return is_own(pid);
}

std::vector<sys::ProcessStat> ProcessReading::take() {
  auto lines = reads_.take();
  std::vector<sys::ProcessStat> found;
  std::vector<pid_t> without_line;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (!lines[at] && is_read_anyway(pids_[at])) lines[at] = sys::stat_line(pids_[at]);
    if (!lines[at]) without_line.push_back(pids_[at]);
    if (auto stat = sys::parse_stat(lines[at].value_or(""))) found.push_back(std::move(*stat));
  }
  // The last first: the reads before them have used up the time, and may do so again.
  std::ranges::reverse(without_line);
  PatientReads reads(
      without_line.size(), [&](std::size_t at) { return sys::status_text(without_line[at]); },
      WithoutChild::kReadAnyway);
  const auto texts = reads.take();
  for (std::size_t at = 0; at < texts.size(); ++at) {
    if (auto stat = sys::parse_status(without_line[at], texts[at].value_or("")))
      found.push_back(std::move(*stat));
  }
  return found;
}

ProcessTable::ProcessTable(ProcessReading&& reading) {
  for (auto& stat : reading.take()) {
    const auto pid = stat.pid;
    const auto place = children_.emplace(stat.parent, std::move(stat));
    by_pid_.emplace(pid, &place->second);
  }
}

const sys::ProcessStat* ProcessTable::find(pid_t pid) const {
  const auto found = by_pid_.find(pid);
  return found == by_pid_.end() ? nullptr : found->second;
}

std::optional<Summary> ProcessTable::summary_of(pid_t init) const {
  const auto* found = find(init);
  if (found == nullptr) return std::nullopt;
  const auto ticks_per_second = static_cast<std::uint64_t>(std::max(::sysconf(_SC_CLK_TCK), 1L));
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  Summary sum;
  std::uint64_t ticks = 0;
  std::vector<const sys::ProcessStat*> ahead = {found};
  std::set<pid_t> seen;  // pids reused during the scan could form a cycle
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
