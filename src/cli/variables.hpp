#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"

namespace nslaunch::cli {

/// Adds what --env-file and then --env say, as NAME=VALUE. Throws UsageError, or Error for a file that can't
/// be read.
void add_variables(std::vector<std::string>& variables, const Arguments& arguments);

}  // namespace nslaunch::cli
