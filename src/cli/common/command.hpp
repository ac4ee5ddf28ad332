#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// What a subcommand's positional words are, for completion.
enum class Takes { kNothing, kShards, kHelpWord, kShell, kFiles };

/// One subcommand: a row of the table in commands.cpp, which dispatch, help, completion and suggestions are
/// based on. A test checks that its manual page, docs/man/nslaunch-NAME.1.scd, matches it.
struct Command {
  const char* name;
  const char* usage;    ///< what follows "nslaunch " in its help
  const char* summary;  ///< one line
  const char* example;  ///< as it is typed
  std::span<const Option> (*options)();
  /// Receives what follows the subcommand's name; returns the exit status.
  int (*run)(const Arguments& arguments);
  Takes takes = Takes::kNothing;
};

std::span<const Command> commands();

/// Each is defined in the source file of the same name, version in help.
const Command& run_command();
const Command& list_command();
const Command& inspect_command();
const Command& ports_command();
const Command& exec_command();
const Command& port_forward_command();
const Command& kill_command();
const Command& wait_command();
const Command& reap_command();
const Command& merge_reports_command();
const Command& doctor_command();
const Command& completion_command();
const Command& help_command();
const Command& version_command();

}  // namespace nslaunch::cli
