#include "shard/ancestors.hpp"

#include <unistd.h>

#include "sys/procfs.hpp"

namespace nslaunch::shard {
namespace {

/// The parent of `pid`, 0 where it has none in this PID namespace.
pid_t parent_of(pid_t pid) {
  const auto stat = sys::read_stat(pid);
  return stat ? stat->parent : 0;
}

}  // namespace

std::vector<sys::Pidfd> ancestors_in_own_group() {
  std::vector<sys::Pidfd> ancestors;
  const pid_t group = ::getpgrp();
  for (pid_t pid = ::getppid(); pid > 0; pid = parent_of(pid)) {
    auto pidfd = sys::Pidfd::open(pid);
    // The group is asked for after the handle was opened: what the handle means is still in ours.
    if (!pidfd || ::getpgid(pid) != group) break;
    ancestors.push_back(std::move(*pidfd));
  }
  return ancestors;
}

}  // namespace nslaunch::shard
