#include "shard/supervise/ancestors.hpp"

#include <unistd.h>

#include "sys/process/procfs.hpp"

namespace nslaunch::shard {
namespace {

/// 0 if it has none in this PID namespace.
pid_t parent_of(pid_t pid, const sys::Pidfd& process) {
  if (const auto parent = process.parent()) return *parent;
  const auto stat = sys::read_stat(pid);
  return stat ? stat->parent : 0;
}

}  // namespace

std::vector<sys::Pidfd> ancestors_in_own_group() {
  std::vector<sys::Pidfd> ancestors;
  const auto is_in_own_group = [group = ::getpgrp()](pid_t pid) { return ::getpgid(pid) == group; };
  for (pid_t pid = ::getppid(); pid > 0 && is_in_own_group(pid);) {
    auto pidfd = sys::Pidfd::open(pid);
    // Checked again with the pidfd open: its process is still in our group.
    if (!pidfd || !is_in_own_group(pid)) break;
    pid = parent_of(pid, *pidfd);
    ancestors.push_back(std::move(*pidfd));
  }
  return ancestors;
}

}  // namespace nslaunch::shard
