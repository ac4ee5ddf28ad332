#pragma once

#include "shard/group_signals.hpp"
#include "shard/mount_watch.hpp"
#include "shard/plan.hpp"
#include "sys/fd.hpp"
#include "sys/pidfd.hpp"

namespace nslaunch::shard {

/// Init once the command runs: reaps everything, does what the launcher asks, tells of the command's
/// stops and its end, looks for leaks, and exits: the kernel kills the rest.
[[noreturn]] void keep_shard(const Plan& plan, sys::Fd channel, sys::Pidfd launcher, GroupSignals& signals,
                             const MountWatch& mounts, pid_t command);

}  // namespace nslaunch::shard
