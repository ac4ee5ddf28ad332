#pragma once

#include "shard/plan/plan.hpp"
#include "sys/files/pending_file.hpp"

namespace nslaunch::shard {

/// Checks the request against itself and the machine. Throws UsageError or Error; the only thing it
/// makes are missing --private and --artifacts directories, and those for what --overlay keeps; of those that
/// are gone with the shard it tells before.
Plan make_plan(const ShardSpec& spec, const sys::BeforeMaking& before_making = {});

/// Plan::stdin_pipe for this descriptor.
std::uint64_t pipe_inode(int fd);

}  // namespace nslaunch::shard
