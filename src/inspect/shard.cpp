#include "inspect/shard.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <set>

#include "inspect/descriptors.hpp"
#include "inspect/process_table.hpp"
#include "inspect/processes.hpp"
#include "ns/enter.hpp"

namespace nslaunch::inspect {
namespace {

using Children = ProcessTable::Children;

/// The pid in the namespace that lies `depth` levels inside /proc's own, 0 where it is gone.
pid_t pid_at(pid_t shown, std::size_t depth) {
  const auto pids = nested_pids(shown);
  return pids.size() > depth ? pids[depth] : 0;
}

void add_with_descendants(Member member, std::size_t depth, const Children& children,
                          std::vector<Member>& members) {
  const pid_t shown = member.stat.pid;
  const pid_t pid = member.pid;
  members.push_back(std::move(member));
  const auto [first, last] = children.equal_range(shown);
  for (auto child = first; child != last; ++child) {
    const pid_t inner = pid_at(child->second.pid, depth);
    if (inner != 0) add_with_descendants({inner, pid, child->second}, depth, children, members);
  }
}

}  // namespace

std::vector<Member> members_of(pid_t init) {
  std::vector<Member> members;
  const auto pids = nested_pids(init);
  const auto stat = sys::read_stat(init);
  if (pids.empty() || !stat) return members;
  add_with_descendants({pids.back(), 0, *stat}, pids.size() - 1, ProcessTable().by_parent(), members);
  return members;
}

std::vector<OwnedSocket> with_owners(std::vector<ns::Socket> found, const std::vector<Member>& members) {
  std::map<std::uint64_t, std::set<pid_t>> owners;
  for (const auto& member : members) {
    for_each_descriptor(member.stat.pid, [&](int, const std::string& target) {
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
