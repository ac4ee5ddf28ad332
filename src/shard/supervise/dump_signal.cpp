#include "shard/supervise/dump_signal.hpp"

#include <sys/prctl.h>
#include <nslaunch/error.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <string_view>

#include "inspect/snapshot/processes.hpp"
#include "inspect/snapshot/shard.hpp"
#include "sys/base/files.hpp"
#include "sys/base/values.hpp"
#include "sys/process/credentials.hpp"
#include "sys/process/forked.hpp"
#include "sys/process/pidfd.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::shard {
namespace {

bool handles(pid_t pid, int signal) {
  const auto caught = sys::status_field(pid, "SigCgt").value_or("");
  std::string_view digits = caught;
  const auto mask = sys::take_number<std::uint64_t>(digits, 16).value_or(0);
  return ((mask >> (signal - 1)) & 1U) != 0;
}

/// Returns how many it was sent to, and calls `sent` for each.
std::size_t send_to(
    const std::vector<inspect::Member>& members, int signal, const std::function<void()>& sent = [] {}) {
  std::size_t count = 0;
  for (const auto& member : members) {
    if (member.pid == 1) continue;               // init's own handlers are not for this
    if (member.stat.start_ticks == 0) continue;  // reading its stat blocks
    const auto process = sys::Pidfd::open(member.stat.pid);
    // Checked with the pidfd open: this is the process that gets the signal.
    if (!process || !handles(member.stat.pid, signal)) continue;
    const auto stat = sys::read_stat(member.stat.pid);
    if (!stat || stat->start_ticks != member.stat.start_ticks) continue;
    if (process->send_signal(signal) != 0) continue;
    ++count;
    sent();
  }
  return count;
}

}  // namespace

std::size_t send_dump_signal(pid_t init, int signal, const UserIds* user) {
  constexpr std::chrono::seconds kSendingLimit{3};
  constexpr std::size_t kMostMarks = 1 << 20;
  auto members = inspect::members_of(init);
  // In a child: any of the processes may block one that inspects it (K33).
  const auto send = [&](int marks) {
    if (user != nullptr && sys::become_user(user->uid, user->gid, user->groups) != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // become_user() has cleared it (K2)
    send_to(members, signal, [&] { sys::write_all(marks, "."); });
  };
  try {
    return sys::output_of_child(send, kSendingLimit, kMostMarks).text.size();
  } catch (const Error&) {  // no child can be started
    if (user != nullptr) throw;
    std::erase_if(members, [](const inspect::Member& member) { return !inspect::is_own(member.stat.pid); });
    return send_to(members, signal);
  }
}

}  // namespace nslaunch::shard
