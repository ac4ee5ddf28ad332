#include "inspect/snapshot/threads.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "inspect/snapshot/details.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/values.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::inspect {
namespace {

void add(std::vector<ThreadGroup>& groups, const sys::ProcessStat& stat) {
  auto waits_in = wait_channel(stat.pid);
  const auto same = std::find_if(groups.begin(), groups.end(), [&](const ThreadGroup& group) {
    return group.state == stat.state && group.waits_in == waits_in;
  });
  if (same != groups.end()) {
    ++same->count;
  } else {
    groups.push_back({stat.state, std::move(waits_in), 1, stat.pid, stat.comm});
  }
}

bool tells_more(const ThreadGroup& a, const ThreadGroup& b) {
  const bool a_sleeps = a.state == 'S';
  const bool b_sleeps = b.state == 'S';
  return a_sleeps != b_sleeps ? b_sleeps : a.count > b.count;
}

}  // namespace

Threads threads_of(pid_t pid, std::size_t most) {
  Threads threads;
  std::error_code gone;
  for (std::filesystem::directory_iterator task(fmt::format("/proc/{}/task", pid), gone), end; task != end;
       task.increment(gone)) {
    ++threads.total;
    if (threads.seen == most) continue;
    const auto stat = sys::read_stat(sys::whole_number<pid_t>(task->path().filename().string()).value_or(0));
    if (!stat) continue;
    ++threads.seen;
    add(threads.groups, *stat);
  }
  std::stable_sort(threads.groups.begin(), threads.groups.end(), tells_more);
  return threads;
}

std::optional<bool> is_stopped(pid_t pid) {
  bool seen = false;
  std::error_code gone;
  for (std::filesystem::directory_iterator task(fmt::format("/proc/{}/task", pid), gone), end; task != end;
       task.increment(gone)) {
    const auto stat = sys::read_stat(sys::whole_number<pid_t>(task->path().filename().string()).value_or(0));
    if (stat && (stat->state == 'T' || stat->state == 't')) return true;
    seen |= stat.has_value();
  }
  return seen ? std::optional(false) : std::nullopt;
}

std::vector<std::string> kernel_stack(pid_t thread, std::size_t most) {
  // Lines such as "[<0>] do_wait+0x5a/0x100".
  std::vector<std::string> functions;
  std::istringstream lines(sys::read_file(fmt::format("/proc/{}/stack", thread).c_str()).value_or(""));
  for (std::string line; functions.size() < most && std::getline(lines, line);) {
    const auto name = line.find(' ');
    if (name == std::string::npos) continue;
    functions.push_back(line.substr(name + 1, line.find('+', name) - name - 1));
  }
  return functions;
}

}  // namespace nslaunch::inspect
