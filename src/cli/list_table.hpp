#pragma once

#include <nslaunch/registry.hpp>

#include <span>
#include <string>

namespace nslaunch::cli {

struct TableStyle {
  /// Columns of the terminal, into which a header and aligned, cut columns are fitted. 0: one line a
  /// shard, uncut, separated by tabs, without a header.
  std::size_t width = 0;
  bool colour = false;
  bool with_user = false;  ///< a column USER before the command
};

/// ID, NAME, STATE, AGE, PID (of the launcher; of init when that is orphaned), COMMAND. "-" where
/// there is nothing to say. All that a record claims is escaped.
std::string shard_table(std::span<const ShardEntry> shards, const TableStyle& style);

}  // namespace nslaunch::cli
