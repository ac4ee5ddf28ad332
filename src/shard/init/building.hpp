#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ns/net/capture.hpp"
#include "shard/init/mount_watch.hpp"
#include "shard/plan/plan.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::shard {

/// Init's state while it builds the shard.
struct Building {
  const Plan& plan;
  int channel;
  /// Comma-separated tokens of NSLAUNCH_ISOLATION, of the steps that have worked so far.
  std::string isolation;
  /// Which of several items the running step is working on.
  int detail = 0;
  bool expects_ipv6 = true;
  /// The files of plan.kept, by index; opened before the private /tmp covers them.
  std::vector<sys::Fd> kept_sources{};
  MountWatch mounts{};
  /// The mounts of the --overlay views (sys::mount_id_of).
  std::vector<std::uint64_t> views{};
  /// The control socket, listening, once "go" has arrived; empty if the registry is unusable.
  sys::Fd control{};
  std::optional<ns::Capture> capture{};
};

}  // namespace nslaunch::shard
