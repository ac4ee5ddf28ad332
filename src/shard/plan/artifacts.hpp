#pragma once

#include "shard/plan/plan.hpp"

namespace nslaunch::shard {

/// Opens the plan's --artifacts directory, created if missing, for the command's user and with the mode given
/// by the umask. Afterwards the spec has its path without links, so that it can be kept if it lies in /tmp.
/// Throws UsageError if the shard would hide it, Error if it can't be created or written to.
void make_artifacts_directory(Plan& plan);

}  // namespace nslaunch::shard
