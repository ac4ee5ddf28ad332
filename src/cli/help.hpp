#pragma once

#include "cli/command.hpp"

namespace nslaunch::cli {

const Command& help_command();
const Command& version_command();

/// Prints the help of one subcommand on stdout.
void print_help(const Command& command);

}  // namespace nslaunch::cli
