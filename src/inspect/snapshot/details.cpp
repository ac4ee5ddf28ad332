#include "inspect/snapshot/details.hpp"

#include <unistd.h>

#include <map>

#include "inspect/snapshot/patient_reads.hpp"
#include "inspect/snapshot/processes.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::inspect {

std::vector<std::size_t> depths_of(const std::vector<Member>& members) {
  std::vector<std::size_t> depths;
  std::map<pid_t, std::size_t> known;
  for (const auto& member : members) {  // each follows its parent
    const auto parent = known.find(member.parent);
    depths.push_back(parent == known.end() ? 0 : parent->second + 1);
    known[member.pid] = depths.back();
  }
  return depths;
}

std::vector<ProcessDetails> details_of(const std::vector<Member>& members) {
  const auto depths = depths_of(members);
  PatientReads channels(members.size(), [&](std::size_t at) { return wait_channel(members[at].stat.pid); });
  const CommandLines lines(members);
  auto waits_in = channels.take();
  std::vector<ProcessDetails> processes;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const pid_t pid = members[i].stat.pid;
    processes.push_back({&members[i], depths[i], waits_in[i].value_or(""), lines.of(pid)});
  }
  return processes;
}

std::string wait_channel(pid_t pid) {
  const auto name = sys::read_file(fmt::format("/proc/{}/wchan", pid).c_str()).value_or("");
  return name == "0" ? "" : name;
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

std::string cpu_of(const sys::ProcessStat& stat) {
  const auto ticks = static_cast<double>(stat.utime_ticks + stat.stime_ticks);
  return fmt::format("{:.2f}s", ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

std::string memory_of(const sys::ProcessStat& stat) {
  return sys::format_size(stat.rss_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

}  // namespace nslaunch::inspect
