#include "inspect/shard.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <unordered_set>

#include "inspect/descriptors.hpp"
#include "inspect/patient_reads.hpp"
#include "inspect/process_table.hpp"
#include "inspect/processes.hpp"
#include "ns/enter.hpp"
#include "sys/check.hpp"
#include "sys/values.hpp"

namespace nslaunch::inspect {
namespace {

/// The pid in the namespace that lies `depth` levels inside /proc's own, 0 where it is gone.
pid_t pid_at(pid_t shown, std::size_t depth) {
  const auto pids = nested_pids(shown);
  return pids.size() > depth ? pids[depth] : 0;
}

/// Of each one's descriptors; none of who lets nobody look at them (K33).
std::vector<std::vector<std::uint64_t>> socket_inodes_of(const std::vector<Member>& members) {
  PatientReads reads(members.size(), [&](std::size_t at) {
    std::string inodes;
    for_each_descriptor(members[at].stat.pid, [&](int, const std::string& target) {
      if (const auto inode = inode_of(target, "socket")) inodes += fmt::format("{} ", inode);
    });
    return inodes;
  });
  std::vector<std::vector<std::uint64_t>> found;
  for (const auto& text : reads.take()) {
    std::istringstream inodes(text.value_or(""));
    found.emplace_back(std::istream_iterator<std::uint64_t>(inodes), std::istream_iterator<std::uint64_t>());
  }
  return found;
}

void go_on_until(const std::optional<sys::Deadline>& limit) {
  if (limit && limit->passed()) throw Error(sys::errno_code(ETIMEDOUT), "looking at a shard's processes");
}

}  // namespace

std::vector<Member> members_of(pid_t init, const ProcessTable& processes,
                               const std::optional<sys::Deadline>& limit) {
  std::vector<Member> members;
  const auto pids = nested_pids(init);
  const auto* stat = processes.find(init);
  if (pids.empty() || stat == nullptr) return members;
  // Not by recursion: a shard has as many generations as its owner likes.
  std::vector<Member> ahead = {{pids.back(), 0, *stat}};
  std::unordered_set<pid_t> seen;  // pids reused while we looked could form a circle
  while (!ahead.empty()) {
    go_on_until(limit);
    auto member = std::move(ahead.back());
    ahead.pop_back();
    if (!seen.insert(member.stat.pid).second) continue;
    const auto [first, last] = processes.by_parent().equal_range(member.stat.pid);
    for (auto child = last; child != first;) {
      --child;
      const pid_t inner = pid_at(child->second.pid, pids.size() - 1);
      if (inner != 0) ahead.push_back({inner, member.pid, child->second});
    }
    members.push_back(std::move(member));
  }
  return members;
}

std::vector<Member> members_of(pid_t init) {
  return members_of(init, ProcessTable(ProcessReading({}, WithoutChild::kReadAnyway)));
}

std::vector<OwnedSocket> with_owners(std::vector<ns::Socket> found, const std::vector<Member>& members,
                                     const std::optional<sys::Deadline>& limit) {
  std::map<std::uint64_t, std::set<pid_t>> owners;
  const auto inodes = socket_inodes_of(members);
  for (std::size_t at = 0; at < members.size(); ++at) {
    go_on_until(limit);
    for (const auto inode : inodes[at]) owners[inode].insert(members[at].pid);
  }
  std::vector<OwnedSocket> sockets;
  for (auto& socket : found) {
    const auto& own = owners[socket.inode];
    sockets.push_back({std::move(socket), {own.begin(), own.end()}});
  }
  return sockets;
}

std::vector<OwnedSocket> sockets_of(pid_t init, const std::vector<Member>& members) {
  return with_owners(ns::list_sockets(ns::open_socket_diagnostics_of(init)), members);
}

std::optional<std::chrono::milliseconds> age_of(const sys::ProcessStat& stat) {
  if (stat.start_ticks == 0) return std::nullopt;
  timespec now = {};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  const long ticks_per_second = std::max(::sysconf(_SC_CLK_TCK), 1L);
  const auto started = static_cast<std::int64_t>(stat.start_ticks) * 1000 / ticks_per_second;
  const auto age = std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000 - started;
  return std::chrono::milliseconds(std::max<std::int64_t>(age, 0));
}

std::string age_in_words(const sys::ProcessStat& stat) {
  const auto age = age_of(stat);
  return age ? sys::format_duration(*age) : "-";
}

}  // namespace nslaunch::inspect
