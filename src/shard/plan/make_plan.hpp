#pragma once

#include "shard/plan/plan.hpp"
#include "sys/files/pending_file.hpp"

namespace nslaunch::shard {

/// Checks the request for consistency and against the machine. Throws UsageError or Error. It creates only
/// missing --private and --artifacts directories, and those for what --overlay keeps; it calls
/// `before_making` before it creates one that is removed with the shard.
Plan make_plan(const ShardSpec& spec, const sys::BeforeMaking& before_making = {});

/// Plan::stdin_pipe for this descriptor.
std::uint64_t pipe_inode(int fd);

}  // namespace nslaunch::shard
