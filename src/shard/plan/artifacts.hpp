#pragma once

#include "shard/plan/plan.hpp"

namespace nslaunch::shard {

/// Opens the --artifacts directory of the plan, made where it is missing, for the command's user and as the
/// umask has it. The spec has its path without links from here on, so that it can be kept where it lies in
/// /tmp. Throws UsageError where the shard would hide it and Error where it can't be made or written to.
void make_artifacts_directory(Plan& plan);

}  // namespace nslaunch::shard
