#include "sys/process/procfs.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::sys {
namespace {

/// A millisecond apart.
constexpr int kTriesInExec = 3;

std::string proc_path(pid_t pid, const char* name) {
  return fmt::format("/proc/{}/{}", pid, name);
}

/// A field of the text of /proc/PID/status.
std::optional<std::string> field_of(const std::string& text, const char* name) {
  const std::string label = fmt::format("{}:", name);
  auto found = text.starts_with(label) ? 0 : text.find("\n" + label);
  if (found == std::string::npos) return std::nullopt;
  if (found != 0) ++found;
  const auto start = text.find_first_not_of(" \t", found + label.size());
  return text.substr(start, text.find('\n', start) - start);
}

/// The numeric names, which are pids, in a directory of /proc.
std::vector<pid_t> numbers_in(const char* path) {
  std::vector<pid_t> numbers;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path), ::closedir);
  if (!directory) return numbers;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (const auto number = whole_number<pid_t>(entry->d_name)) numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace

std::optional<ProcessStat> parse_stat(const std::string& line) {
  // The name stands in parentheses and may itself hold spaces and parentheses.
  const auto open = line.find('(');
  const auto close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  ProcessStat stat;
  stat.pid = static_cast<pid_t>(leading_number(line).value_or(0));
  stat.comm = line.substr(open + 1, close - open - 1);
  if (close + 2 >= line.size()) return std::nullopt;
  auto rest = std::string_view(line).substr(close + 2);
  stat.state = rest.front();
  rest.remove_prefix(1);
  long long fields[21] = {};
  for (auto& field : fields) {  // fields 4 to 24
    const auto number = take_number<long long>(rest);
    if (!number) return std::nullopt;
    field = *number;
  }
  stat.parent = static_cast<pid_t>(fields[0]);
  stat.process_group = static_cast<pid_t>(fields[1]);
  stat.session = static_cast<pid_t>(fields[2]);
  constexpr long long kExiting = 0x4;  // PF_EXITING of the kernel's include/linux/sched.h
  stat.exiting = (fields[5] & kExiting) != 0;
  stat.utime_ticks = static_cast<std::uint64_t>(fields[10]);
  stat.stime_ticks = static_cast<std::uint64_t>(fields[11]);
  stat.children_utime_ticks = static_cast<std::uint64_t>(fields[12]);
  stat.children_stime_ticks = static_cast<std::uint64_t>(fields[13]);
  stat.start_ticks = static_cast<std::uint64_t>(fields[18]);
  stat.rss_pages = static_cast<std::uint64_t>(fields[20]);
  return stat;
}

std::string stat_line(pid_t pid) {
  // One read: the kernel returns the line as a whole, and this is done for every process.
  const Fd file(::open(proc_path(pid, "stat").c_str(), O_RDONLY | O_CLOEXEC));
  char line[1024];
  const auto count = file ? retry_on_eintr([&] { return ::read(file.get(), line, sizeof line); }) : -1;
  return {line, count > 0 ? static_cast<std::size_t>(count) : 0};
}

std::optional<ProcessStat> read_stat(pid_t pid) {
  return parse_stat(stat_line(pid));
}

std::string status_text(pid_t pid) {
  return read_file(proc_path(pid, "status").c_str()).value_or("");
}

std::optional<ProcessStat> parse_status(pid_t pid, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto field = [&](const char* name) { return field_of(text, name).value_or(""); };
  const auto number = [&](const char* name) {
    return static_cast<pid_t>(leading_number(field(name)).value_or(0));
  };
  ProcessStat stat;
  stat.pid = pid;
  stat.comm = field("Name");
  stat.state = field("State").empty() ? '?' : field("State").front();
  stat.parent = number("PPid");
  stat.process_group = number("NSpgid");
  stat.session = number("NSsid");
  const long page = ::sysconf(_SC_PAGESIZE) / 1024;
  stat.rss_pages = static_cast<std::uint64_t>(number("VmRSS") / std::max(page, 1L));
  return stat;
}

std::string command_line(pid_t pid, std::size_t limit) {
  // A process in execve(2) has none for a moment; a zombie has none any more.
  for (int tries = 0;; ++tries) {
    auto text = read_file(proc_path(pid, "cmdline").c_str(), limit);
    if (text && !text->empty()) {
      while (!text->empty() && text->back() == '\0') text->pop_back();
      std::replace(text->begin(), text->end(), '\0', ' ');
      return *text;
    }
    const auto stat = read_stat(pid);
    if (!stat) return "[gone]";
    if (stat->state == 'Z' || tries == kTriesInExec) return "[" + stat->comm + "]";
    ::poll(nullptr, 0, 1);
  }
}

std::optional<std::string> status_field(pid_t pid, const char* name) {
  return field_of(status_text(pid), name);
}

std::optional<std::uint64_t> status_number(pid_t pid, const char* name) {
  return leading_number(status_field(pid, name).value_or(""));
}

std::vector<pid_t> all_pids() {
  return numbers_in("/proc");
}

std::size_t own_threads() {
  constexpr const char* kThreads = "/proc/self/task";
  struct stat status = {};
  // One call instead of four: the link count is two plus one per thread, each a directory (proc(5)).
  if (::stat(kThreads, &status) != 0 || status.st_nlink <= 3) return 1;
  // A thread that pthread_join(3) has returned for may not have left /proc yet.
  const auto numbers = numbers_in(kThreads);
  const auto count = std::ranges::count_if(numbers, [](pid_t thread) {
    const auto stat = read_stat(thread);
    return stat && !stat->exiting;
  });
  return std::max(static_cast<std::size_t>(count), std::size_t{1});
}

std::uint64_t namespace_inode(pid_t pid, const char* name) {
  const std::string path =
      pid == 0 ? fmt::format("/proc/self/ns/{}", name) : fmt::format("/proc/{}/ns/{}", pid, name);
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

std::uint64_t oom_kills() {
  constexpr std::string_view kLabel = "\noom_kill ";
  const auto text = read_file("/proc/vmstat").value_or("");
  return number_after(text, kLabel).value_or(0);
}

const std::string& boot_id() {
  static const std::string id = read_setting_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id").value_or("");
  return id;
}

}  // namespace nslaunch::sys
