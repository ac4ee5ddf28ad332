#include "cli/common/help.hpp"

#include <nslaunch/error.hpp>
#include <nslaunch/version.hpp>

#include <sstream>
#include <string>
#include <vector>

#include "cli/common/print.hpp"
#include "cli/common/topics.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

constexpr Option kHelpOptions[] = {kColorOption};

std::span<const Option> colour_only() {
  return kHelpOptions;
}

constexpr const char* kWritingHelp = "writing the help";

void print_overview() {
  std::string text =
      "Runs a command in a network, process tree and /tmp of its own, and cleans up.\n\n"
      "  nslaunch -- npm test                     on ports that no other shard can see\n"
      "  nslaunch --timeout 5m -- node server.js  ended after five minutes, exit 124\n"
      "  nslaunch exec ID                         a shell in a shard that runs\n\n";
  for (const auto& command : commands())
    text += fmt::format("  nslaunch {:<13} {}\n", command.name, command.summary);
  text +=
      "\nThe options of a run: nslaunch help run. The manual: man nslaunch.\n"
      "Also: nslaunch help exit-status|environment|signals|ci\n";
  print(text, kWritingHelp);
}

/// Wraps the words of `right` beside `left`, or below it if `left` is too long.
std::string in_columns(const std::string& left, const std::string& right) {
  constexpr std::size_t kWidth = 80;
  constexpr std::size_t kIndent = 31;
  const std::string margin(kIndent, ' ');
  std::string text = left.size() < kIndent ? fmt::format("{:<{}}", left, kIndent) : left + "\n" + margin;
  std::size_t column = kIndent;
  std::istringstream words(right);
  for (std::string word; words >> word;) {
    const bool begins = column == kIndent;
    if (!begins && column + 1 + word.size() > kWidth) {
      text += "\n" + margin + word;
      column = kIndent + word.size();
    } else {
      text += (begins ? "" : " ") + word;
      column += (begins ? 0 : 1) + word.size();
    }
  }
  return text + "\n";
}

/// The options as help lines of 80 columns at most.
std::string describe(std::span<const Option> options) {
  std::string text;
  for (const auto& option : options) {
    if (option.group != nullptr) text += fmt::format("{}{}:\n", text.empty() ? "" : "\n", option.group);
    std::string left = option.letter != 0 ? fmt::format("  -{}, --{}", option.letter, option.name)
                                          : fmt::format("      --{}", option.name);
    if (option.value_name != nullptr) left += fmt::format(" {}", option.value_name);
    text += in_columns(left, fmt::format("{}{}", option.help, option.repeatable ? " (repeatable)" : ""));
  }
  return text;
}

[[noreturn]] void throw_unknown(const std::string& word) {
  const auto near = suggest(word, help_words());
  throw UsageError(fmt::format("there is no help on '{}'", sys::escape(word)),
                   near ? fmt::format("Did you mean 'nslaunch help {}'?", *near) : "See: nslaunch help");
}

int help(const Arguments& arguments) {
  if (arguments.positional.empty()) {
    print_overview();
    return 0;
  }
  if (arguments.positional.size() > 1) throw UsageError("help takes one subcommand", "See: nslaunch help");
  const auto& word = arguments.positional.front();
  for (const auto& topic : topics()) {
    if (word == topic.name) {
      print(topic.text, kWritingHelp);
      return 0;
    }
  }
  for (const auto& command : commands()) {
    if (word == command.name) {
      print_help(command);
      return 0;
    }
  }
  throw_unknown(word);
}

int print_version(const Arguments& arguments) {
  if (!arguments.positional.empty()) throw UsageError("version takes options only");
  print(fmt::format("nslaunch {}\n", version()), "writing the version");
  return 0;
}

}  // namespace

std::vector<std::string> help_words() {
  std::vector<std::string> words;
  for (const auto& command : commands()) words.emplace_back(command.name);
  for (const auto& topic : topics()) words.emplace_back(topic.name);
  return words;
}

void print_help(const Command& command) {
  const auto* const naming = command.takes == Takes::kShards
                                 ? "\nID may be the beginning of one; root names another user's shard also "
                                   "USER/ID or\nUSER/NAME.\n"
                                 : "";
  print(fmt::format("nslaunch {}\n\n{}.\n\n{}{}{}\nFor example: {}\n", command.usage, command.summary,
                    describe(command.options()), describe({&kHelpOption, 1}), naming, command.example),
        kWritingHelp);
}

const Command& help_command() {
  static constexpr Command kCommand = {
      "help", "help [SUBCOMMAND|TOPIC]", "show help", "nslaunch help exit-status", colour_only,
      help,   Takes::kHelpWord};
  return kCommand;
}

const Command& version_command() {
  static constexpr Command kCommand = {"version",          "version",   "show the version",
                                       "nslaunch version", colour_only, print_version};
  return kCommand;
}

}  // namespace nslaunch::cli
