#include "inspect/hang/teardown_blocker.hpp"

#include <chrono>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "inspect/snapshot/details.hpp"
#include "inspect/snapshot/patient_reads.hpp"
#include "inspect/snapshot/processes.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/values.hpp"
#include "sys/process/forked.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::inspect {
namespace {

std::string state_name(char state) {
  switch (state) {
    case 'R':
      return "running";
    case 'S':
      return "sleeping";
    case 'D':
      return "in uninterruptible sleep";
    case 'T':
      return "stopped";
    case 't':
      return "stopped by its own tracer";
    case 'Z':
      return "a zombie";
    default:
      return fmt::format("in state {}", state);
  }
}

std::string named(const sys::ProcessStat& stat) {
  return fmt::format("pid {} ({})", stat.pid, stat.comm);
}

std::string named_with_state(pid_t pid) {
  const auto stat = sys::read_stat(pid);
  return stat ? fmt::format("{}, which is {}", named(*stat), state_name(stat->state))
              : fmt::format("pid {}", pid);
}

/// The result of one look at a process.
struct Seen {
  std::size_t depth = 0;    ///< how many PID namespaces it is in
  std::uint64_t inode = 0;  ///< of its own PID namespace; 0 if that can't be read
  sys::ProcessStat stat;
};

std::string look_at(pid_t pid) {
  return fmt::format("{} {} {}", nested_pids(pid).size(), sys::namespace_inode(pid, "pid"),
                     sys::stat_line(pid));
}

std::optional<Seen> parse(std::string_view text) {
  Seen seen;
  seen.depth = sys::take_number<std::size_t>(text).value_or(0);
  seen.inode = sys::take_number<std::uint64_t>(text).value_or(0);
  auto stat = sys::parse_stat(std::string(text.substr(sys::blanks(text))));
  if (!stat) return std::nullopt;
  seen.stat = std::move(*stat);
  return seen;
}

/// Every process of one PID namespace as the launcher sees them, init first. A process that blocks its
/// readers, of whatever shard, hides only itself (K33).
class Members {
 public:
  Members(pid_t init, std::uint64_t pidns_inode) : inode_(pidns_inode) {
    auto pids = sys::all_pids();
    std::erase(pids, init);
    pids.insert(pids.begin(), init);
    PatientReads reads(pids.size(), [&](std::size_t at) { return look_at(pids[at]); });
    for (const auto& text : reads.take()) {
      if (auto seen = text ? parse(*text) : std::nullopt) take(std::move(*seen), init);
    }
  }

  const std::vector<sys::ProcessStat>& all() const { return all_; }
  bool has(pid_t pid) const { return pids_.count(pid) != 0; }

 private:
  void take(Seen seen, pid_t init) {
    if (seen.stat.pid == init) depth_ = seen.depth;
    if (seen.stat.pid != init && !belongs(seen)) return;
    pids_.insert(seen.stat.pid);
    all_.push_back(std::move(seen.stat));
  }

  bool belongs(const Seen& seen) const {
    if (seen.depth < depth_) return false;
    if (seen.inode != 0 && seen.inode == inode_) return true;
    // The link of another user's (set-uid) process can't be read, and that of one in a nested namespace
    // differs: both are deep enough and have a parent here. /proc lists parents first as a rule.
    if (seen.inode != 0 && seen.depth == depth_) return false;
    return has(seen.stat.parent);
  }

  std::uint64_t inode_;
  std::size_t depth_ = 0;  ///< init's
  std::unordered_set<pid_t> pids_;
  std::vector<sys::ProcessStat> all_;
};

std::optional<std::string> traced(const sys::ProcessStat& stat, const Members& members) {
  const auto tracer = static_cast<pid_t>(sys::status_number(stat.pid, "TracerPid").value_or(0));
  if (tracer == 0 || members.has(tracer)) return std::nullopt;
  return fmt::format("{} is traced by {}", named(stat), named_with_state(tracer));
}

std::optional<std::string> not_reaped(const sys::ProcessStat& stat, const Members& members) {
  if (stat.state != 'Z' || stat.parent == 0 || members.has(stat.parent)) return std::nullopt;
  return fmt::format("{} has ended and is not reaped by its parent outside the shard, {}", named(stat),
                     named_with_state(stat.parent));
}

std::optional<std::string> frozen(const sys::ProcessStat& stat, const Members&) {
  if (wait_channel(stat.pid).find("refrigerator") == std::string::npos) return std::nullopt;
  return fmt::format("{} is frozen by a cgroup", named(stat));
}

std::optional<std::string> uninterruptible(const sys::ProcessStat& stat, const Members&) {
  if (stat.state != 'D') return std::nullopt;
  const std::string channel = wait_channel(stat.pid);
  return fmt::format("{} is in uninterruptible sleep{}", named(stat),
                     channel.empty() ? "" : fmt::format(" ({})", channel));
}

std::optional<std::string> still_there(const sys::ProcessStat& stat, const Members&) {
  if (stat.state == 'Z' || stat.state == 'X') return std::nullopt;
  return fmt::format("{} has not ended yet and is {}", named(stat), state_name(stat.state));
}

std::string look_for_blocker(pid_t init, std::uint64_t pidns_inode) {
  const Members members(init, pidns_inode);
  // From the certain causes to the likely ones. init's own parent is the launcher: no process holds up a
  // zombie init.
  for (const auto cause : {traced, not_reaped, frozen, uninterruptible, still_there}) {
    for (const auto& stat : members.all()) {
      if (stat.pid == init && (cause == not_reaped || cause == still_there)) continue;
      if (auto blocker = cause(stat, members)) return std::move(*blocker);
    }
  }
  return "no process that can be seen";
}

}  // namespace

std::string find_teardown_blocker(pid_t init, std::uint64_t pidns_inode) noexcept {
  constexpr std::chrono::seconds kPatience{5};
  constexpr std::size_t kMostOfIt = 65'536;
  try {
    // In a child: any of the processes may block its readers (K33).
    const auto look = [&](int out) { sys::write_all(out, look_for_blocker(init, pidns_inode)); };
    auto seen = sys::output_of_child(look, kPatience, kMostOfIt);
    if (seen.complete) return std::move(seen.text);
  } catch (...) {
    // Reported below, like processes that can't be read.
  }
  return "no process that can be seen";
}

}  // namespace nslaunch::inspect
