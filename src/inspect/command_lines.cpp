#include "inspect/command_lines.hpp"

#include <nslaunch/error.hpp>

#include <algorithm>
#include <chrono>
#include <span>
#include <string_view>

#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"
#include "sys/forked.hpp"

namespace nslaunch::inspect {
namespace {

using Stats = std::span<const sys::ProcessStat* const>;

constexpr std::chrono::milliseconds kLimitOfOne{1000};
constexpr std::chrono::milliseconds kLimitOfAll{3000};
constexpr std::size_t kLongestLine = 400;

std::string without_line(const sys::ProcessStat& process, std::string_view why) {
  return fmt::format("[{}] (its command line can't be read: {})", process.comm, why);
}

/// Of the first of them, up to one that keeps its reader waiting.
std::vector<std::string> read_lines(Stats processes, std::chrono::milliseconds limit) {
  const auto read_all = [&](int out) {
    for (const auto* process : processes)
      sys::write_all(out, sys::command_line(process->pid, kLongestLine) + '\0');
  };
  const auto seen = sys::output_of_child(read_all, limit, processes.size() * (kLongestLine + 1) + 1);
  std::vector<std::string> lines;
  std::string_view text = seen.text;
  for (auto end = text.find('\0'); end != text.npos; end = text.find('\0')) {
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace

void CommandLines::read(const std::vector<const sys::ProcessStat*>& processes) {
  const sys::Deadline deadline(kLimitOfAll);
  Stats left = processes;
  const auto take = [&](std::string line) {
    lines_.emplace(left.front()->pid, std::move(line));
    left = left.subspan(1);
  };
  std::string why = "those before it have taken all the time for it";
  try {
    while (!left.empty() && !deadline.passed()) {
      const auto limit = std::min(kLimitOfOne, std::chrono::milliseconds(deadline.poll_timeout()));
      for (auto& line : read_lines(left, limit)) take(std::move(line));
      if (!left.empty()) take(without_line(*left.front(), "the process keeps whoever reads it waiting"));
    }
  } catch (const Error& error) {  // no child can be had: of what the shard may have, say
    why = error.what();
  }
  while (!left.empty()) take(without_line(*left.front(), why));
}

}  // namespace nslaunch::inspect
