#include "inspect/hang/activity.hpp"

#include <cstdlib>
#include <string_view>

#include "inspect/snapshot/patient_reads.hpp"
#include "inspect/snapshot/processes.hpp"
#include "inspect/snapshot/shard.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::inspect {

std::optional<Pulse> pulse_of(pid_t pid) {
  const auto state = sys::status_field(pid, "State").value_or("X").front();
  if (state == 'Z' || state == 'X') return std::nullopt;
  const auto count = [&](const char* name) {
    return std::strtoull(sys::status_field(pid, name).value_or("0").c_str(), nullptr, 10);
  };
  return Pulse{state, count("voluntary_ctxt_switches") + count("nonvoluntary_ctxt_switches")};
}

bool goes_on(const Pulse& before, const Pulse& now) noexcept {
  return now.state == 'R' || now.switches != before.switches;
}

Written written_by(pid_t init) {
  constexpr std::string_view kLabel = "wchar: ";
  Written written;
  std::vector<Member> members;
  try {
    members = members_of(init);
  } catch (const Error&) {
    written.unseen = init;
  }
  const auto count_of = [&](std::size_t at) {
    const auto pid = members[at].stat.pid;
    const auto io = sys::read_file(fmt::format("/proc/{}/io", pid).c_str()).value_or("");
    const auto found = io.find(kLabel);
    if (found != std::string::npos) return io.substr(found + kLabel.size());
    // One that has ended is root's to read, until its parent counts it (K31).
    const auto stat = sys::read_stat(pid);
    return std::string(stat && !has_ended(*stat) ? "" : "0");
  };
  PatientReads reads(members.size(), count_of);
  const auto counts = reads.take();
  for (std::size_t at = 0; at < members.size(); ++at) {
    const bool is_read_here = reads.had_no_child() && is_own(members[at].stat.pid);
    const auto count = is_read_here ? count_of(at) : counts[at].value_or("");
    if (count.empty()) written.unseen = members[at].stat.pid;
    written.bytes += std::strtoull(count.c_str(), nullptr, 10);
  }
  return written;
}

}  // namespace nslaunch::inspect
