#pragma once

#include <filesystem>
#include <string>

#include "shard/plan/plan.hpp"

namespace nslaunch::shard {

/// The path of ShardSpec::artifacts for a command that runs in `working_directory`; empty if there is none.
std::string path_of_artifacts(const ShardSpec& spec, const std::filesystem::path& working_directory);

/// Opens the plan's --artifacts directory, created if missing, for the command's user and with the mode given
/// by the umask. Afterwards the spec has its path without links, so that it can be kept if it lies in /tmp.
/// Throws UsageError if the shard would hide it, Error if it can't be created or written to.
void make_artifacts_directory(Plan& plan);

}  // namespace nslaunch::shard
