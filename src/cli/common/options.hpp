#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nslaunch::cli {

/// One option: a row that defines its parsing, its help and its twin in the environment.
struct Option {
  const char* name;        ///< without the dashes
  char letter;             ///< 0: none
  const char* value_name;  ///< nullptr: a flag
  const char* help;
  bool repeatable = false;
  bool has_twin = false;        ///< NSLAUNCH_OPT_<NAME> sets it too
  const char* group = nullptr;  ///< the heading of the options from this one on
};

/// For every subcommand that prints messages of its own.
constexpr Option kColorOption = {"color", 0,   "auto|always|never", "colour of nslaunch's messages",
                                 false,   true};

/// Accepted by every subcommand, without a row in its table.
constexpr Option kHelpOption = {"help", 'h', nullptr, "show this"};

/// The parsed command line, by option name. Every getter of a number or duration throws UsageError naming the
/// option if the value is invalid.
class Arguments {
 public:
  bool has(std::string_view option) const;
  /// The last value given; `otherwise` if there is none.
  std::string text(std::string_view option, const std::string& otherwise = {}) const;
  const std::vector<std::string>& all(std::string_view option) const;
  std::optional<std::chrono::milliseconds> duration(std::string_view option) const;
  std::optional<std::uint64_t> size(std::string_view option) const;
  std::uint64_t number(std::string_view option, std::uint64_t least, std::uint64_t most,
                       std::uint64_t otherwise) const;
  /// One of `choices`, or `otherwise` if the option was not given.
  std::string choice(std::string_view option, std::span<const char* const> choices,
                     const std::string& otherwise) const;

  std::vector<std::string> positional;
  /// What followed the first "--", and whether there was one.
  std::vector<std::string> command;
  bool has_separator = false;

  /// The option as the user has written it: "--timeout" or "NSLAUNCH_OPT_TIMEOUT".
  std::string written(std::string_view option) const;

  void add(std::string_view option, std::string value) {
    values_[std::string(option)].push_back(std::move(value));
  }
  void add_from_environment(const std::string& variable, std::string_view option, std::string value) {
    from_environment_.insert_or_assign(std::string(option), variable);
    add(option, std::move(value));
  }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::map<std::string, std::string, std::less<>> from_environment_;
};

/// Parses what follows the subcommand's name. Options may stand before or after positionals; if an option
/// that is not repeatable is given repeatedly, its last value counts; prefixes are not completed. An empty
/// twin counts as not set. Throws UsageError with a suggestion.
Arguments parse(std::span<const Option> options, std::span<const std::string> words);

/// The entry of `known` nearest to `word`; empty if none is near.
std::optional<std::string> suggest(std::string_view word, std::span<const std::string> known);

}  // namespace nslaunch::cli
