#include "cli/details.hpp"

#include <map>

#include "sys/check.hpp"
#include "sys/files.hpp"

namespace nslaunch::cli {
namespace {

constexpr std::size_t kMostEntries = 10;

std::string wait_channel(pid_t pid) {
  const auto name = sys::read_file(fmt::format("/proc/{}/wchan", pid).c_str()).value_or("");
  return name == "0" ? "" : name;
}

/// The members stand in the order of the tree: each after its parent.
std::vector<ProcessDetails> processes_of(const std::vector<inspect::Member>& members) {
  std::vector<ProcessDetails> processes;
  std::map<pid_t, std::size_t> depths;
  for (const auto& member : members) {
    const auto parent = depths.find(member.parent);
    const std::size_t depth = parent == depths.end() ? 0 : parent->second + 1;
    depths[member.pid] = depth;
    processes.push_back({&member, depth, wait_channel(member.stat.pid), sys::command_line(member.stat.pid)});
  }
  return processes;
}

}  // namespace

Details details_of(const std::vector<std::string>& words) {
  Details details{look_into(words), {}, {}, {}};
  const pid_t init = details.look.shard.record.init.pid;
  details.processes = processes_of(details.look.members);
  details.mounts = inspect::own_mounts(init);
  details.tmp = inspect::largest_entries(init, "/tmp", kMostEntries);
  return details;
}

const char* state_in_words(char state) {
  switch (state) {
    case 'R':
      return "running";
    case 'D':
      return "waiting for a device";
    case 'T':
      return "stopped";
    case 't':
      return "traced";
    case 'Z':
    case 'X':
      return "ended";
    default:
      return "sleeping";
  }
}

}  // namespace nslaunch::cli
