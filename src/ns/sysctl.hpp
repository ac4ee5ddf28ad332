#pragma once

#include <string>
#include <vector>

namespace nslaunch::ns {

/// One setting below /proc/sys/net.
struct Sysctl {
  std::string path;
  std::string value;
};

/// Called by the launcher: the settings of its own network namespace that differ from those of a fresh one
/// (K13). About 3 µs per file, nearly all of it the open.
std::vector<Sysctl> changed_sysctls();

/// Called by init: writes them into the shard's namespace and returns those that were refused. A
/// ping_group_range is cut down to what this user namespace maps.
std::vector<std::string> apply_sysctls(const std::vector<Sysctl>& sysctls);

/// Called by init: lets any user bind ports below 1024. Throws Error.
void open_low_ports();

/// Called by init: makes pids start at a random base. Throws Error.
void choose_pid_base();

}  // namespace nslaunch::ns
