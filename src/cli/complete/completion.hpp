#pragma once

#include <string>

#include "cli/common/command.hpp"

namespace nslaunch::cli {

/// A completion script for nslaunch, generated from the table of subcommands. `shell`: bash, zsh or fish.
std::string completion_for(const std::string& shell);

}  // namespace nslaunch::cli
