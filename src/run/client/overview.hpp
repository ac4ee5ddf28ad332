#pragma once

#include <nslaunch/registry.hpp>

#include <optional>
#include <span>
#include <vector>

#include "inspect/snapshot/ports.hpp"
#include "inspect/snapshot/process_table.hpp"

namespace nslaunch::run {

/// What `list` shows of a live shard beyond its record; what is not available now is empty.
struct Overview {
  std::optional<inspect::Summary> summary;
  /// What listens on TCP, by port.
  std::optional<std::vector<inspect::Port>> ports;
};

/// One per shard, in the same order. Waits only a moment for those that don't answer.
std::vector<Overview> overview_of(std::span<const ShardEntry> shards);

}  // namespace nslaunch::run
