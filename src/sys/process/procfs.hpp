#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nslaunch::sys {

/// What /proc/PID/stat says, as far as it is used here (proc(5)).
struct ProcessStat {
  pid_t pid = 0;
  std::string comm;
  char state = '?';
  pid_t parent = 0;
  pid_t process_group = 0;
  pid_t session = 0;
  bool exiting = false;  ///< its main thread is on its way out (PF_EXITING), or a zombie already
  std::uint64_t utime_ticks = 0;
  std::uint64_t stime_ticks = 0;
  std::uint64_t children_utime_ticks = 0;  ///< of those that it has waited for
  std::uint64_t children_stime_ticks = 0;
  std::uint64_t start_ticks = 0;  ///< clock ticks since boot
  std::uint64_t rss_pages = 0;
};

/// `pid` is a number or "self"; nothing where there is no such process any more.
std::optional<ProcessStat> read_stat(pid_t pid);
std::optional<ProcessStat> parse_stat(const std::string& line);
/// What parse_stat() takes; empty where there is no such process any more.
std::string stat_line(pid_t pid);
/// What the text of /proc/PID/status has of it: no times, nor whether it is exiting. Nothing of an empty one.
std::optional<ProcessStat> parse_status(pid_t pid, const std::string& text);
/// What parse_status() takes; empty where there is no such process any more.
std::string status_text(pid_t pid);

/// Arguments joined by single spaces, or "[comm]" for a kernel thread or a zombie.
std::string command_line(pid_t pid, std::size_t limit = 400);

/// One "Name:\tvalue" line of /proc/PID/status.
std::optional<std::string> status_field(pid_t pid, const char* name);

/// Every pid that this /proc shows.
std::vector<pid_t> all_pids();

/// Inode of /proc/PID/ns/NAME, of the caller's own where pid is 0; 0 where it can't be seen.
std::uint64_t namespace_inode(pid_t pid, const char* name);

/// How many processes the kernel has killed for want of memory since it was started, in any cgroup; 0 where
/// it does not say.
std::uint64_t oom_kills();

/// How many threads this process has, 1 where /proc does not tell.
std::size_t own_threads();

/// The kernel's id of this boot.
const std::string& boot_id();

}  // namespace nslaunch::sys
