#pragma once

#include <string>
#include <vector>

#include "shard/diagnose/evidence.hpp"

namespace nslaunch::shard {

/// One way to fix a cause.
struct Remedy {
  std::string what;   ///< "without the seccomp filter"
  std::string paste;  ///< a command, or lines of a configuration; empty if `what` is enough
};

using Remedies = std::vector<Remedy>;

/// Against a container's restrictions; each list begins with what weakens it least.
Remedies without_filter(const Evidence& machine);
Remedies without_profile(const Evidence& machine);
Remedies with_whole_proc(const Evidence& machine);
Remedies with_capability(const Evidence& machine, const std::string& name);

/// If AppArmor gives unprivileged user namespaces no rights.
Remedies with_user_namespaces_by_apparmor(const Evidence& machine);

/// "kernel.x=1": by the machine's administrator.
Remedies by_sysctl(const Evidence& machine, const std::string& setting);
Remedies by_more_processes(const Evidence& machine);

}  // namespace nslaunch::shard
