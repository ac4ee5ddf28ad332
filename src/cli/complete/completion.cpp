#include "cli/complete/completion.hpp"

#include <nslaunch/error.hpp>

#include <algorithm>
#include <cstring>

#include "cli/common/print.hpp"
#include "cli/complete/completion_shells.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

constexpr Option kCompletionOptions[] = {kColorOption};

int run_completion(const Arguments& arguments) {
  if (arguments.positional.size() != 1 || arguments.has_separator) {
    throw UsageError("which shell?", "bash, zsh or fish; for example: source <(nslaunch completion bash)");
  }
  print(completion_for(arguments.positional.front()), "writing the completion");
  return 0;
}

}  // namespace

std::string completion_for(const std::string& shell) {
  if (shell == "bash") return bash_completion(commands());
  if (shell == "zsh") return zsh_completion(commands());
  if (shell == "fish") return fish_completion(commands());
  throw UsageError(fmt::format("there is no completion for '{}'", sys::escape(shell)),
                   "It is bash, zsh or fish.");
}

std::vector<Option> options_of(const Command& command) {
  const auto own = command.options();
  std::vector<Option> options(own.begin(), own.end());
  options.push_back(kHelpOption);
  return options;
}

std::vector<std::string> choices_of(const Option& option) {
  std::vector<std::string> choices;
  const char* rest = option.value_name == nullptr ? "" : option.value_name;
  if (std::strchr(rest, '|') == nullptr) return choices;
  for (std::string text = rest; !text.empty();) {
    auto choice = text.substr(0, text.find('|'));
    text.erase(0, std::min(choice.size() + 1, text.size()));
    const bool is_word = std::all_of(choice.begin(), choice.end(), [](char letter) {
      return (letter >= 'a' && letter <= 'z') || letter == '-';
    });
    if (is_word) choices.push_back(std::move(choice));  // "DIR" is a placeholder
  }
  return choices;
}

const Command& completion_command() {
  static constexpr Command kCommand{
      "completion",
      "completion bash|zsh|fish",
      "print what completes these words in a shell",
      "source <(nslaunch completion bash)",
      [] { return std::span<const Option>(kCompletionOptions); },
      run_completion,
      Takes::kShell,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
