#include "inspect/snapshot/shard.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "inspect/snapshot/descriptors.hpp"
#include "inspect/snapshot/patient_reads.hpp"
#include "inspect/snapshot/process_table.hpp"
#include "ns/net/enter.hpp"
#include "sys/base/check.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::inspect {
namespace {

template <typename Number>
std::vector<Number> numbers_in(const std::optional<std::string>& text) {
  std::istringstream numbers(text.value_or(""));
  return {std::istream_iterator<Number>(numbers), std::istream_iterator<Number>()};
}

/// The socket inodes among each member's descriptors; none for a member that blocks its readers (K33).
std::vector<std::vector<std::uint64_t>> socket_inodes_of(const std::vector<Member>& members) {
  PatientReads reads(members.size(), [&](std::size_t at) {
    std::string inodes;
    for_each_descriptor(members[at].stat.pid, [&](int, const std::string& target) {
      if (const auto inode = inode_of(target, "socket")) inodes += fmt::format("{} ", inode);
    });
    return inodes;
  });
  std::vector<std::vector<std::uint64_t>> found;
  for (const auto& text : reads.take()) found.push_back(numbers_in<std::uint64_t>(text));
  return found;
}

Error took_too_long() {
  return {sys::errno_code(ETIMEDOUT), "looking at a shard's processes",
          "The machine stands still now and then, or somebody keeps waiting whoever looks: try again."};
}

void go_on_until(const std::optional<sys::Deadline>& limit) {
  if (limit && limit->passed()) throw took_too_long();
}

/// Init first, each after its parent.
std::vector<const sys::ProcessStat*> descendants_of(pid_t init, const ProcessTable& processes,
                                                    const std::optional<sys::Deadline>& limit) {
  std::vector<const sys::ProcessStat*> found;
  const auto* stat = processes.find(init);
  if (stat == nullptr) return found;
  // Not recursive: the shard's owner controls the number of generations.
  std::vector<const sys::ProcessStat*> ahead = {stat};
  std::unordered_set<pid_t> seen;  // pids reused during the scan could form a cycle
  while (!ahead.empty()) {
    go_on_until(limit);
    const auto* process = ahead.back();
    ahead.pop_back();
    if (!seen.insert(process->pid).second) continue;
    const auto [first, last] = processes.by_parent().equal_range(process->pid);
    for (auto child = last; child != first;) ahead.push_back(&(--child)->second);
    found.push_back(process);
  }
  return found;
}

}  // namespace

std::vector<Member> members_of(pid_t init, const ProcessTable& processes,
                               const std::optional<sys::Deadline>& limit) {
  std::vector<Member> members;
  const auto stats = descendants_of(init, processes, limit);
  const auto pids_of = [&](std::size_t at) {
    return sys::status_field(stats[at]->pid, "NSpid").value_or("");
  };
  PatientReads reads(stats.size(), pids_of, WithoutChild::kReadAnyway);
  std::unordered_map<pid_t, pid_t> inside;
  std::size_t depth = 0;  // init's in /proc's own PID namespace
  auto texts = reads.take();
  // Without init's depth no process can be placed: retry once, in case the machine has stalled.
  if (!texts.empty() && !texts[0]) texts[0] = PatientReads(1, pids_of, WithoutChild::kReadAnyway).take()[0];
  if (!texts.empty() && !texts[0]) throw took_too_long();
  for (std::size_t at = 0; at < texts.size(); ++at) {
    go_on_until(limit);
    const auto pids = numbers_in<pid_t>(texts[at]);
    if (at == 0) depth = pids.size();
    if (depth == 0) break;
    if (pids.size() < depth) continue;
    const auto parent = inside.find(stats[at]->parent);
    const pid_t adopter = members.empty() ? 0 : members.front().pid;  // if the parent has since ended
    members.push_back({pids[depth - 1], parent == inside.end() ? adopter : parent->second, *stats[at]});
    inside[stats[at]->pid] = pids[depth - 1];
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
