#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace nslaunch::inspect {

/// A namespace that a shard has and we have not.
struct Namespace {
  std::string type;         ///< as in /proc/PID/ns: "net", "pid", "mnt", ...
  std::uint64_t inode = 0;  ///< what names it, in lsns(8), too
};

/// Those that the shard's init (its pid here) is in and we are not. Empty where they can't be seen, as
/// when its owner lets nobody look at it (K33). The caller must have one thread only.
std::vector<Namespace> own_namespaces(pid_t init);

/// Whether it is in our network namespace, as it is until its launch has made one. False where that can't be
/// seen, as of a process that is about to end: it has no network any more. The caller must have one thread
/// only.
bool is_in_our_network(pid_t init);

}  // namespace nslaunch::inspect
