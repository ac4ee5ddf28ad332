#pragma once

#include <span>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

std::span<const Option> run_options();

}  // namespace nslaunch::cli
