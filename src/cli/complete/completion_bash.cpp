#include "cli/common/help.hpp"
#include "cli/complete/completion_shells.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::cli {
namespace {

std::string words_of(const Command& command) {
  std::string words;
  for (const auto& option : options_of(command)) {
    words += fmt::format("--{} ", option.name);
    if (option.letter != 0) words += fmt::format("-{} ", option.letter);
  }
  words.pop_back();
  return words;
}

std::string values_of(const Command& command) {
  std::string cases;
  for (const auto& option : options_of(command)) {
    if (option.value_name == nullptr) continue;
    const auto choices = choices_of(option);
    // It may be a file name: leave it to bash's own completion.
    const auto reply = choices.empty() ? std::string("return")
                                       : fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$cur\")); return",
                                                     fmt::join(choices, " "));
    cases += fmt::format("    '{} --{}'", command.name, option.name);
    if (option.letter != 0) cases += fmt::format(" | '{} -{}'", command.name, option.letter);
    cases += fmt::format(") {} ;;\n", reply);
  }
  return cases;
}

std::string bash_positionals_of(const Command& command) {
  switch (command.takes) {
    case Takes::kHelpWord:
      return fmt::format("{}", fmt::join(help_words(), " "));
    case Takes::kShell:
      return "bash zsh fish";
    case Takes::kShards:  // by _nslaunch_shards: the shell must not expand shard names
    case Takes::kFiles:   // left to bash's own completion
    case Takes::kNothing:
      break;
  }
  return "";
}

constexpr const char* kProlog = R"(# bash completion for nslaunch
_nslaunch_shards() {{ {}; }}
_nslaunch_subcommands='{}'

_nslaunch() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} sub=run options words word shards at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    [[ ${{COMP_WORDS[at]}} == -- ]] || continue
    if declare -F _command_offset >/dev/null; then
      _command_offset $((at + 1))
    elif ((at + 1 == COMP_CWORD)); then
      COMPREPLY=($(compgen -c -- "$cur"))
    fi
    return
  done
  [[ $cur != = ]] || cur=
  [[ $prev != = ]] || prev=${{COMP_WORDS[COMP_CWORD - 2]}}
  if ((COMP_CWORD > 1)) && [[ ${{COMP_WORDS[1]}} != -* ]]; then sub=${{COMP_WORDS[1]}}; fi
  case "$sub $prev" in
)";

constexpr const char* kBashEpilog = R"sh(  esac
  if [[ $cur == -* ]]; then
    words=$options
  elif ((COMP_CWORD == 1)); then
    words=$_nslaunch_subcommands
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ $cur != -* && -n $shards ]] || return 0
  while IFS= read -r word; do
    [[ $word != "$cur"* ]] || COMPREPLY+=("$(printf %q "$word")")
  done < <(_nslaunch_shards)
}
complete -o default -F _nslaunch nslaunch
)sh";

}  // namespace

std::string bash_completion(std::span<const Command> commands) {
  std::vector<std::string> names;
  for (const auto& command : commands) names.emplace_back(command.name);
  std::string script = fmt::format(kProlog, kLiveShards, fmt::join(names, " "));
  for (const auto& command : commands) script += values_of(command);
  script += "  esac\n  case $sub in\n";
  for (const auto& command : commands) {
    script += fmt::format("    {}) options='{}' words=\"{}\" shards={} ;;\n", command.name, words_of(command),
                          bash_positionals_of(command), command.takes == Takes::kShards ? "yes" : "");
  }
  return script + kBashEpilog;
}

}  // namespace nslaunch::cli
