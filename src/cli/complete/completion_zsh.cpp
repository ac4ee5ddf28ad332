#include "cli/common/help.hpp"
#include "cli/complete/completion_shells.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::cli {
namespace {

/// Quotes text for a single-quoted spec of _arguments, where brackets and colons are special.
std::string zsh_quoted(const char* text) {
  std::string shown;
  for (const char* letter = text; *letter != 0; ++letter) {
    if (*letter == '[' || *letter == ']' || *letter == ':') shown += '\\';
    shown += *letter == '\'' ? std::string("'\\''") : std::string(1, *letter);
  }
  return shown;
}

std::string value_of(const Option& option) {
  if (option.value_name == nullptr) return {};
  const auto choices = choices_of(option);
  const auto action = choices.empty() ? std::string("_files") : fmt::format("({})", fmt::join(choices, " "));
  return fmt::format(":{}:{}", zsh_quoted(option.value_name), action);
}

std::string specs_of(const Command& command) {
  std::string specs;
  for (const auto& option : options_of(command)) {
    const char* many = option.repeatable ? "*" : "";
    const char* equals = option.value_name != nullptr ? "=" : "";
    const auto rest = fmt::format("[{}]{}", zsh_quoted(option.help), value_of(option));
    specs += fmt::format("    '{}--{}{}{}' \\\n", many, option.name, equals, rest);
    if (option.letter != 0) specs += fmt::format("    '{}-{}{}' \\\n", many, option.letter, rest);
  }
  return specs;
}

std::string positionals_of(const Command& command) {
  if (command.name == std::string("run")) return "'*:: :_normal'";
  switch (command.takes) {
    case Takes::kShards:
      return "'*:shard:_nslaunch_shards'";
    case Takes::kHelpWord:
      return fmt::format("'*:subject:({})'", fmt::join(help_words(), " "));
    case Takes::kShell:
      return "'*:shell:(bash zsh fish)'";
    case Takes::kFiles:
      return "'*:report:_files'";
    case Takes::kNothing:
      break;
  }
  return "";
}

constexpr const char* kZshEpilog = R"(_nslaunch() {
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _nslaunch_subcommands
    return
  fi
  local sub=run
  if [[ $words[2] != -* ]]; then
    sub=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  (( $+functions[_nslaunch_$sub] )) && _nslaunch_$sub
}

if [[ $funcstack[1] == _nslaunch ]]; then _nslaunch "$@"; else compdef _nslaunch nslaunch; fi
)";

}  // namespace

std::string zsh_completion(std::span<const Command> commands) {
  std::string script = fmt::format(
      "#compdef nslaunch\n\n_nslaunch_shards() {{\n  local -a shards\n  shards=(${{(f)\"$({})\"}})\n  "
      "compadd -a shards\n}}\n\n"
      "_nslaunch_subcommands() {{\n  local -a subcommands\n  subcommands=(\n",
      kLiveShards);
  for (const auto& command : commands)
    script += fmt::format("    '{}:{}'\n", command.name, zsh_quoted(command.summary));
  script += "  )\n  _describe subcommand subcommands\n}\n\n";
  for (const auto& command : commands) {
    script += fmt::format("_nslaunch_{}() {{\n  _arguments -S \\\n{}    {}\n}}\n\n", command.name,
                          specs_of(command), positionals_of(command));
  }
  return script + kZshEpilog;
}

}  // namespace nslaunch::cli
