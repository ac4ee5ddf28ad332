#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/common/command.hpp"

namespace nslaunch::cli {

/// What each shell takes. Ids and names of live shards are asked for while somebody types.
std::string bash_completion(std::span<const Command> commands);
std::string zsh_completion(std::span<const Command> commands);
std::string fish_completion(std::span<const Command> commands);

/// A subcommand's own options, and --help.
std::vector<Option> options_of(const Command& command);

/// The words that an option's value is one of, where it is.
std::vector<std::string> choices_of(const Option& option);

/// What lists live shards by id and name, a word a line, in every shell.
constexpr const char* kLiveShards = "nslaunch list 2>/dev/null | cut -f1,2 | tr '\\t' '\\n'";

}  // namespace nslaunch::cli
