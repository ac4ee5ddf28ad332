#pragma once

#include <nslaunch/registry.hpp>

#include <optional>
#include <span>
#include <vector>

#include "inspect/snapshot/ports.hpp"
#include "inspect/snapshot/process_table.hpp"

namespace nslaunch::cli {

/// What `list` shows of a live shard beyond its record; what can't be had now is missing.
struct Overview {
  std::optional<inspect::Summary> summary;
  /// What listens on TCP, by port.
  std::optional<std::vector<inspect::Port>> ports;
};

/// One for each of the shards, in their order. Waits a moment at most for those that don't answer.
std::vector<Overview> overview_of(std::span<const ShardEntry> shards);

}  // namespace nslaunch::cli
