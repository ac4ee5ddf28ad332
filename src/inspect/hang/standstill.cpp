#include "inspect/hang/standstill.hpp"

#include <chrono>
#include <functional>
#include <string_view>

#include "inspect/snapshot/details.hpp"
#include "inspect/snapshot/patient_reads.hpp"
#include "inspect/snapshot/processes.hpp"
#include "inspect/snapshot/shard.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"
#include "sys/process/forked.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::inspect {
namespace {

constexpr std::size_t kLongest = 65'536;

std::string in_words(const sys::ProcessStat& stat) {
  return fmt::format("pid {} ({})", stat.pid, sys::escape(stat.comm));
}

Standstill traced(const sys::ProcessStat& stat) {
  const auto tracer = static_cast<pid_t>(sys::status_number(stat.pid, "TracerPid").value_or(0));
  const auto about = sys::read_stat(tracer);
  const auto what = fmt::format("{} is held by its tracer, {}", in_words(stat),
                                about ? in_words(*about) : std::string("who can't be seen from here"));
  if (!about) return {what, "End the debugger or strace that is attached to it."};
  // A process can make its parent its tracer (K72), and the parent may be another user's: su, or cron.
  const bool is_same_users = sys::status_field(stat.pid, "Uid") == sys::status_field(tracer, "Uid");
  if (is_same_users)
    return {what, fmt::format("To end the tracer, which lets it go on: kill -KILL {}", tracer)};
  return {what + ", which is another user's",
          fmt::format("If nobody debugs it, it has done that itself; to end it: kill -KILL {}", stat.pid)};
}

std::optional<Standstill> find_standstill(pid_t pid) {
  const auto stat = sys::read_stat(pid);
  if (!stat) return std::nullopt;
  if (stat->state == 't') return traced(*stat);
  if (stat->state == 'T') {
    return Standstill{in_words(*stat) + " is stopped by a signal",
                      fmt::format("To let it go on: kill -CONT {}", pid)};
  }
  const auto waits_in = wait_channel(pid);
  // __refrigerator for version 1 of control groups, do_freezer_trap for version 2.
  if (waits_in.find("refrigerator") != std::string::npos || waits_in.find("freezer") != std::string::npos) {
    return Standstill{in_words(*stat) + " is frozen by its control group",
                      fmt::format("Which one: cat /proc/{}/cgroup", pid)};
  }
  return std::nullopt;
}

std::optional<Standstill> find_sleep(pid_t pid) {
  const auto stat = sys::read_stat(pid);
  if (!stat || stat->state != 'D') return std::nullopt;
  const auto waits_in = wait_channel(pid);
  return Standstill{fmt::format("{} is in uninterruptible sleep{}", in_words(*stat),
                                waits_in.empty() ? "" : " (" + sys::escape(waits_in) + ")"),
                    fmt::format("What it waits for, as root: cat /proc/{}/stack", pid)};
}

/// In a child: the process, or its tracer, may block every reader (K33).
std::optional<Standstill> found_by_child(pid_t pid,
                                         const std::function<std::optional<Standstill>(pid_t)>& find) {
  constexpr std::chrono::seconds kStandstillLimit{1};
  const auto look = [&](int out) {
    if (const auto found = find(pid)) sys::write_all(out, found->what + '\n' + found->remedy);
  };
  const auto seen = sys::output_of_child(look, kStandstillLimit, kLongest);
  const auto end = seen.text.find('\n');
  if (!seen.complete || end == std::string::npos) return std::nullopt;
  return Standstill{seen.text.substr(0, end), seen.text.substr(end + 1)};
}

}  // namespace

std::optional<Pulse> pulse_of(pid_t pid) {
  const auto state = sys::status_field(pid, "State").value_or("X").front();
  if (state == 'Z' || state == 'X') return std::nullopt;
  const auto count = [&](const char* name) { return sys::status_number(pid, name).value_or(0); };
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
    // After a process has ended, only root can read this, until its parent counts it (K31).
    const auto stat = sys::read_stat(pid);
    return std::string(stat && !has_ended(*stat) ? "" : "0");
  };
  PatientReads reads(members.size(), count_of);
  const auto counts = reads.take();
  for (std::size_t at = 0; at < members.size(); ++at) {
    const bool is_read_here = reads.had_no_child() && is_own(members[at].stat.pid);
    const auto count = is_read_here ? count_of(at) : counts[at].value_or("");
    if (count.empty()) written.unseen = members[at].stat.pid;
    written.bytes += sys::leading_number(count).value_or(0);
  }
  return written;
}

std::optional<Standstill> standstill_of(pid_t pid) noexcept {
  try {
    return found_by_child(pid, find_standstill);
  } catch (...) {
    return std::nullopt;
  }
}

std::optional<Standstill> reason_for_silence(pid_t pid) noexcept {
  try {
    return found_by_child(pid, [](pid_t silent) {
      auto standstill = find_standstill(silent);
      return standstill ? standstill : find_sleep(silent);
    });
  } catch (...) {
    return std::nullopt;
  }
}

}  // namespace nslaunch::inspect
