#include "inspect/shard.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <set>
#include <unordered_set>

#include "inspect/descriptors.hpp"
#include "inspect/process_table.hpp"
#include "inspect/processes.hpp"
#include "ns/enter.hpp"
#include "sys/check.hpp"

namespace nslaunch::inspect {
namespace {

/// The pid in the namespace that lies `depth` levels inside /proc's own, 0 where it is gone.
pid_t pid_at(pid_t shown, std::size_t depth) {
  const auto pids = nested_pids(shown);
  return pids.size() > depth ? pids[depth] : 0;
}

void go_on_until(const std::optional<sys::Deadline>& limit) {
  if (limit && limit->passed()) throw Error(sys::errno_code(ETIMEDOUT), "looking at a shard's processes");
}

}  // namespace

std::vector<Member> members_of(pid_t init, const ProcessTable& processes,
                               const std::optional<sys::Deadline>& limit) {
  std::vector<Member> members;
  const auto pids = nested_pids(init);
  auto stat = sys::read_stat(init);
  if (pids.empty() || !stat) return members;
  // Not by recursion: a shard has as many generations as its owner likes.
  std::vector<Member> ahead = {{pids.back(), 0, std::move(*stat)}};
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
  return members_of(init, ProcessTable());
}

std::vector<OwnedSocket> with_owners(std::vector<ns::Socket> found, const std::vector<Member>& members,
                                     const std::optional<sys::Deadline>& limit) {
  std::map<std::uint64_t, std::set<pid_t>> owners;
  for (const auto& member : members) {
    for_each_descriptor(member.stat.pid, [&](int, const std::string& target) {
      go_on_until(limit);
      if (const auto inode = inode_of(target, "socket")) owners[inode].insert(member.pid);
    });
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

std::chrono::milliseconds age_of(const sys::ProcessStat& stat) {
  timespec now = {};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  const long ticks_per_second = std::max(::sysconf(_SC_CLK_TCK), 1L);
  const auto started = static_cast<std::int64_t>(stat.start_ticks) * 1000 / ticks_per_second;
  const auto age = std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000 - started;
  return std::chrono::milliseconds(std::max<std::int64_t>(age, 0));
}

}  // namespace nslaunch::inspect
