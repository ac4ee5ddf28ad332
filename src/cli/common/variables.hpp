#pragma once

#include <nslaunch/spec.hpp>

#include <string>
#include <vector>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// Adds the variables of --env-file and then of --env, as NAME=VALUE. Throws UsageError, or Error for a file
/// that can't be read. `reader`: another user, whose command receives them (shard/given_file).
void add_variables(std::vector<std::string>& variables, const Arguments& arguments, const UserIds* reader);

}  // namespace nslaunch::cli
