#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/common/command.hpp"

namespace nslaunch::cli {

/// The completion script for each shell. It looks up ids and names of live shards at completion time.
std::string bash_completion(std::span<const Command> commands);
std::string zsh_completion(std::span<const Command> commands);
std::string fish_completion(std::span<const Command> commands);

/// A subcommand's own options, and --help.
std::vector<Option> options_of(const Command& command);

/// The fixed words that an option's value may be; empty if there are none.
std::vector<std::string> choices_of(const Option& option);

/// Lists live shards by id and name, one word per line, in every shell.
constexpr const char* kLiveShards = "nslaunch list 2>/dev/null | cut -f1,2 | tr '\\t' '\\n'";

}  // namespace nslaunch::cli
