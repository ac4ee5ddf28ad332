#pragma once

#include <nslaunch/registry.hpp>

#include <span>
#include <string>

#include "run/client/overview.hpp"

namespace nslaunch::cli {

/// {"version": 1, "shards": [...]} on one line. A shard has id, state, foreign and path, and
///   - unless its state is "unreadable": name, run_id, command (array), cwd, uid, started_at (seconds
///     since the epoch), isolation, launcher_pid and init_pid (null if they mean nothing here), processes,
///     cpu_ms, rss_bytes and ports (array of port and shared; each null if it can't be seen now);
///   - if its state is "unreadable": problem.
/// Within version 1 keys are only added.
std::string shards_as_json(std::span<const ShardEntry> shards, std::span<const run::Overview> overviews);

}  // namespace nslaunch::cli
