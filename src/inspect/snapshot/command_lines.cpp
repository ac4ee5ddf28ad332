#include "inspect/snapshot/command_lines.hpp"

#include <utility>

#include "sys/base/check.hpp"

namespace nslaunch::inspect {
namespace {

constexpr std::size_t kLongestLine = 400;

}  // namespace

void CommandLines::read(const std::vector<const sys::ProcessStat*>& processes, WithoutChild without_child) {
  if (processes.empty()) return;
  const auto line = [&](std::size_t at) { return sys::command_line(processes[at]->pid, kLongestLine); };
  PatientReads reads(processes.size(), line, without_child);
  auto lines = reads.take();
  for (std::size_t at = 0; at < lines.size(); ++at) {
    const auto& process = *processes[at];
    auto without = [&] {
      return fmt::format("[{}] (its command line can't be read: {})", process.comm, reads.why_not());
    };
    lines_.emplace(process.pid, lines[at] ? std::move(*lines[at]) : without());
  }
}

}  // namespace nslaunch::inspect
