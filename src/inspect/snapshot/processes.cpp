#include "inspect/snapshot/processes.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "sys/base/check.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::inspect {
namespace {

constexpr std::size_t kLongestLine = 400;

/// Determines which processes of an outer /proc are in the caller's PID namespace, or in one nested in it. A
/// process in a nested one, or one whose namespace link can't be read, belongs where its parent does.
class OuterProc {
 public:
  OuterProc() : own_pids_(nested_pids(own_shown_pid())), own_inode_(sys::namespace_inode(0, "pid")) {
    if (!own_pids_.empty()) pids_[own_pids_.front()] = own_pids_.back();
  }

  /// In a /proc of the caller's own namespace, the caller has only one pid.
  bool is_own() const { return own_pids_.size() == 1; }

  /// The pid in the caller's namespace, 0 for a process outside.
  pid_t inner_pid(pid_t shown) {
    if (const auto known = pids_.find(shown); known != pids_.end()) return known->second;
    pids_[shown] = 0;  // breaks a cycle that pids reused during the scan could form
    return pids_[shown] = find_inner_pid(shown);
  }

 private:
  static pid_t own_shown_pid() {
    char number[16] = "";
    // In a /proc of a namespace that does not contain the caller's, the link dangles: 0.
    return ::readlink("/proc/self", number, sizeof number - 1) > 0
               ? sys::whole_number<pid_t>(number).value_or(0)
               : 0;
  }

  pid_t find_inner_pid(pid_t shown) {
    const std::vector<pid_t> pids = nested_pids(shown);
    if (own_pids_.empty() || pids.size() < own_pids_.size()) return 0;
    const pid_t inner = pids[own_pids_.size() - 1];
    const auto inode = sys::namespace_inode(shown, "pid");
    if (inode == own_inode_) return inner;
    if (inode != 0 && pids.size() == own_pids_.size()) return 0;  // in a sibling namespace
    const auto stat = sys::read_stat(shown);
    return stat && stat->parent > 0 && inner_pid(stat->parent) != 0 ? inner : 0;
  }

  std::vector<pid_t> own_pids_;
  std::uint64_t own_inode_;
  std::unordered_map<pid_t, pid_t> pids_;
};

}  // namespace

std::vector<pid_t> nested_pids(pid_t shown) {
  const auto field = sys::status_field(shown, "NSpid");
  std::vector<pid_t> pids;
  std::string_view rest = field ? std::string_view(*field) : std::string_view();
  while (const auto pid = sys::take_number<pid_t>(rest)) pids.push_back(*pid);
  return pids;
}

bool is_own(pid_t shown) {
  return sys::status_field(shown, "Uid") == fmt::format("{0}\t{0}\t{0}\t{0}", ::geteuid());
}

bool is_of(uid_t user, pid_t shown) {
  struct stat status = {};
  return ::stat(fmt::format("/proc/{}", shown).c_str(), &status) == 0 && status.st_uid == user;
}

bool has_ended(const sys::ProcessStat& stat) {
  if (!stat.exiting && stat.state != 'Z' && stat.state != 'X') return false;
  return sys::status_number(stat.pid, "Threads").value_or(0) <= 1;
}

std::vector<Process> running_processes(std::size_t limit) {
  OuterProc proc;
  std::vector<Process> found;
  for (const pid_t shown : sys::all_pids()) {
    if (found.size() == limit) break;
    const pid_t pid = proc.is_own() ? shown : proc.inner_pid(shown);
    if (pid == 0 || pid == ::getpid()) continue;
    auto stat = sys::read_stat(shown);
    if (!stat || has_ended(*stat)) continue;
    const pid_t parent = proc.is_own() || stat->parent == 0 ? stat->parent : proc.inner_pid(stat->parent);
    found.push_back({pid, parent, std::move(*stat)});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
  return found;
}

void CommandLines::read(const std::vector<const sys::ProcessStat*>& processes, WithoutChild without_child) {
  if (processes.empty()) return;
  const auto line = [&](std::size_t at) { return sys::command_line(processes[at]->pid, kLongestLine); };
  PatientReads reads(processes.size(), line, without_child);
  auto lines = reads.take();
  for (std::size_t at = 0; at < lines.size(); ++at) {
    const auto& process = *processes[at];
    auto without = [&] {
      return fmt::format("[{}] (its command line can't be read: {})", process.comm, reads.why_not());
    };
    lines_.emplace(process.pid, lines[at] ? std::move(*lines[at]) : without());
  }
}

}  // namespace nslaunch::inspect
