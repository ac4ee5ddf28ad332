#include "inspect/written.hpp"

#include <cstdlib>
#include <string_view>

#include "inspect/processes.hpp"
#include "inspect/shard.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"

namespace nslaunch::inspect {

Written written_by(pid_t init) {
  constexpr std::string_view kLabel = "wchar: ";
  Written written;
  for (const auto& member : members_of(init)) {
    const auto io = sys::read_file(fmt::format("/proc/{}/io", member.stat.pid).c_str()).value_or("");
    const auto found = io.find(kLabel);
    if (found != std::string::npos) {
      written.bytes += std::strtoull(io.c_str() + found + kLabel.size(), nullptr, 10);
    } else if (const auto stat = sys::read_stat(member.stat.pid); stat && !has_ended(*stat)) {
      written.unseen = stat->pid;  // one that has ended is root's to read, until its parent counts it (K31)
    }
  }
  return written;
}

}  // namespace nslaunch::inspect
