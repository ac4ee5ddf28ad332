#pragma once

#include <string>
#include <vector>

#include "shard/plan/plan.hpp"

namespace nslaunch::shard {

/// The paths in the host's /tmp that the command needs: the top directory in /tmp of its working directory,
/// of the command itself, of PATH entries and of SSH_AUTH_SOCK, and whatever links on these paths lead
/// through; also what --keep, --artifacts and --overlay name. Throws UsageError if the working directory is
/// /tmp itself.
std::vector<KeptPath> paths_to_keep(const ShardSpec& spec, const std::string& working_directory);

/// "/tmp/a" for "/tmp/a/b/c"; empty if `path` is not below /tmp.
std::string top_directory_in_tmp(const std::string& path);

}  // namespace nslaunch::shard
