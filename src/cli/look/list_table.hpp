#pragma once

#include <nslaunch/registry.hpp>

#include <span>
#include <string>

#include "run/client/overview.hpp"

namespace nslaunch::cli {

struct TableStyle {
  /// The width of the terminal, to which a header and aligned, cut columns are fitted. 0: one line per shard,
  /// uncut, separated by tabs, without a header.
  std::size_t width = 0;
  bool colour = false;
  bool with_user = false;  ///< a column USER before the command
};

/// ID, NAME, SHARD, STATE, AGE, PROCS, CPU, MEMORY, PORTS (that listen on TCP), COMMAND. "-" if there is no
/// value. Everything from a record is escaped. `overviews`: one for each shard.
std::string shard_table(std::span<const ShardEntry> shards, std::span<const run::Overview> overviews,
                        const TableStyle& style);

}  // namespace nslaunch::cli
