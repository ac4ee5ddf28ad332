#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nslaunch::sys {

/// The fields of /proc/PID/stat that are used here (proc(5)).
struct ProcessStat {
  pid_t pid = 0;
  std::string comm;
  char state = '?';
  pid_t parent = 0;
  pid_t process_group = 0;
  pid_t session = 0;
  bool exiting = false;  ///< its main thread is exiting (PF_EXITING), or already a zombie
  std::uint64_t utime_ticks = 0;
  std::uint64_t stime_ticks = 0;
  std::uint64_t children_utime_ticks = 0;  ///< of the children that it has waited for
  std::uint64_t children_stime_ticks = 0;
  std::uint64_t start_ticks = 0;  ///< clock ticks since boot
  std::uint64_t rss_pages = 0;
};

/// Empty if there is no such process any more.
std::optional<ProcessStat> read_stat(pid_t pid);
std::optional<ProcessStat> parse_stat(const std::string& line);
/// The input of parse_stat(); empty if there is no such process any more.
std::string stat_line(pid_t pid);
/// The fields that /proc/PID/status has: no times, nor whether it is exiting. Empty if the text is empty.
std::optional<ProcessStat> parse_status(pid_t pid, const std::string& text);
/// The input of parse_status(); empty if there is no such process any more.
std::string status_text(pid_t pid);

/// Arguments joined by single spaces, "[comm]" if there are none (a kernel thread, a zombie), "[gone]"
/// without a process.
std::string command_line(pid_t pid, std::size_t limit = 400);

/// One "Name:\tvalue" line of /proc/PID/status.
std::optional<std::string> status_field(pid_t pid, const char* name);
/// The number at its beginning; sizes are in KiB.
std::optional<std::uint64_t> status_number(pid_t pid, const char* name);

/// Every pid that this /proc shows.
std::vector<pid_t> all_pids();

/// Inode of /proc/PID/ns/NAME, of the caller's own if pid is 0; 0 if it can't be seen.
std::uint64_t namespace_inode(pid_t pid, const char* name);

/// How many processes the kernel has killed for lack of memory since boot, in any cgroup; 0 if the kernel
/// does not report it.
std::uint64_t oom_kills();

/// The number of threads of this process, 1 if /proc does not show it.
std::size_t own_threads();

/// The kernel's id of this boot.
const std::string& boot_id();

}  // namespace nslaunch::sys
