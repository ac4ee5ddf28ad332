#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace nslaunch::inspect {

/// A namespace that a shard has and we don't.
struct Namespace {
  std::string type;         ///< as in /proc/PID/ns: "net", "pid", "mnt", ...
  std::uint64_t inode = 0;  ///< identifies it, in lsns(8) as well
};

/// The namespaces that the shard's init (its pid here) is in and we are not. Empty if they can't be read,
/// e.g. if the shard's owner blocks every reader (K33). The caller must have only one thread.
std::vector<Namespace> own_namespaces(pid_t init);

/// Whether it is in our network namespace, as it is until its launch has created one. False if that can't be
/// read, e.g. for a process that is about to end: it no longer has a network namespace. The caller must have
/// only one thread.
bool is_in_our_network(pid_t init);

}  // namespace nslaunch::inspect
