#pragma once

#include <optional>

#include "ns/net/capture.hpp"
#include "shard/init/control_server.hpp"
#include "shard/init/group_signals.hpp"
#include "shard/init/mount_watch.hpp"
#include "shard/plan/plan.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::shard {

/// What init serves besides the command.
struct Duties {
  GroupSignals& signals;
  const MountWatch& mounts;
  ControlServer& control;
  std::optional<ns::Capture>& capture;
};

/// Init once the command runs: reaps everything, serves launcher and clients, reports the command's stops
/// and its end, looks for leaks, and exits: the kernel kills the rest.
[[noreturn]] void keep_shard(const Plan& plan, sys::Fd channel, const Duties& duties, pid_t command);

}  // namespace nslaunch::shard
