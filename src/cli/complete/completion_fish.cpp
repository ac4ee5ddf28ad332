#include "cli/common/help.hpp"
#include "cli/complete/completion_shells.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::cli {
namespace {

std::string fish_quoted(const char* text) {
  std::string shown = "'";
  for (const char* letter = text; *letter != 0; ++letter) {
    if (*letter == '\'' || *letter == '\\') shown += '\\';
    shown += *letter;
  }
  return shown + "'";
}

/// Options of run may also come first, without the word "run".
std::string condition_of(const Command& command) {
  const auto seen = fmt::format("__fish_seen_subcommand_from {}", command.name);
  return command.name == std::string("run")
             ? "'__nslaunch_own; and begin; __fish_use_subcommand; or " + seen + "; end'"
             : "'__nslaunch_own; and " + seen + "'";
}

std::string option_line(const Command& command, const Option& option) {
  std::string line = fmt::format("complete -c nslaunch -n {} -l {}", condition_of(command), option.name);
  if (option.letter != 0) line += fmt::format(" -s {}", option.letter);
  const auto choices = choices_of(option);
  if (!choices.empty()) {
    line += fmt::format(" -x -a '{}'", fmt::join(choices, " "));
  } else if (option.value_name != nullptr) {
    line += " -r -F";
  }
  return line + fmt::format(" -d {}\n", fish_quoted(option.help));
}

std::string fish_positionals_of(const Command& command) {
  switch (command.takes) {
    case Takes::kShards:
      return fmt::format("({})", kLiveShards);
    case Takes::kHelpWord:
      return fmt::format("{}", fmt::join(help_words(), " "));
    case Takes::kShell:
      return "bash zsh fish";
    case Takes::kFiles:
    case Takes::kNothing:
      break;
  }
  return {};
}

}  // namespace

std::string fish_completion(std::span<const Command> commands) {
  // What follows "--" is the command line of another program.
  std::string script =
      "# fish completion for nslaunch\n"
      "function __nslaunch_own; not contains -- -- (commandline -opc); end\n"
      "complete -c nslaunch -n __nslaunch_own -f\n";
  for (const auto& command : commands) {
    script += fmt::format("complete -c nslaunch -n '__nslaunch_own; and __fish_use_subcommand' -a {} -d {}\n",
                          command.name, fish_quoted(command.summary));
    for (const auto& option : options_of(command)) script += option_line(command, option);
    if (command.takes == Takes::kFiles)
      script += fmt::format("complete -c nslaunch -n {} -F\n", condition_of(command));
    const auto positionals = fish_positionals_of(command);
    if (positionals.empty()) continue;
    script += fmt::format("complete -c nslaunch -n {} -a {}\n", condition_of(command),
                          fish_quoted(positionals.c_str()));
  }
  return script;
}

}  // namespace nslaunch::cli
