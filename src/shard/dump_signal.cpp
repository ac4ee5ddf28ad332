#include "shard/dump_signal.hpp"

#include <cstdint>
#include <cstdlib>

#include "inspect/shard.hpp"
#include "sys/pidfd.hpp"
#include "sys/procfs.hpp"

namespace nslaunch::shard {
namespace {

bool handles(pid_t pid, int signal) {
  const auto caught = sys::status_field(pid, "SigCgt");
  if (!caught) return false;
  const auto mask = std::strtoull(caught->c_str(), nullptr, 16);
  return ((mask >> (signal - 1)) & 1U) != 0;
}

}  // namespace

std::size_t send_dump_signal(pid_t init, int signal) {
  std::size_t sent = 0;
  for (const auto& member : inspect::members_of(init)) {
    if (member.pid == 1) continue;  // init's own handlers are not for this
    const auto process = sys::Pidfd::open(member.stat.pid);
    // Looked at with the handle in hand: it is the one that gets the signal.
    if (!process || !handles(member.stat.pid, signal)) continue;
    const auto stat = sys::read_stat(member.stat.pid);
    if (!stat || stat->start_ticks != member.stat.start_ticks) continue;
    if (process->send_signal(signal) == 0) ++sent;
  }
  return sent;
}

}  // namespace nslaunch::shard
