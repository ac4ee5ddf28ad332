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

/// What init knows while it builds the shard.
struct Building {
  const Plan& plan;
  int channel;
  /// Comma-separated tokens of NSLAUNCH_ISOLATION, as far as they have been earned.
  std::string isolation;
  /// Which of several things the running step is busy with.
  int detail = 0;
  bool expects_ipv6 = true;
  /// What plan.kept names, by its number; opened before the private /tmp covers it.
  std::vector<sys::Fd> kept_sources{};
  MountWatch mounts{};
  /// The mounts that --overlay's views are (sys::mount_id_of).
  std::vector<std::uint64_t> views{};
  /// The control socket, listening, once "go" has come; none where the registry is sick.
  sys::Fd control{};
  std::optional<ns::Capture> capture{};
};

}  // namespace nslaunch::shard
