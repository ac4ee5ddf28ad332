#pragma once

#include <string>
#include <vector>

#include "cli/common/command.hpp"

namespace nslaunch::cli {

/// What `nslaunch help` takes: the subcommands and the topics.
std::vector<std::string> help_words();

/// Prints the help of one subcommand on stdout.
void print_help(const Command& command);

}  // namespace nslaunch::cli
