#include "cli/common/options.hpp"

#include <nslaunch/error.hpp>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cctype>
#include <cstdlib>
#include <numeric>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::cli {
namespace {

namespace po = boost::program_options;

constexpr const char* kPositional = "nslaunch-positional";

po::options_description boost_description(std::span<const Option> options) {
  po::options_description description;
  for (const auto& option : options) {
    std::string name = option.name;
    if (option.letter != 0) name.append(",").push_back(option.letter);
    if (option.value_name == nullptr) {
      description.add_options()(name.c_str(), "");
    } else {
      description.add_options()(name.c_str(), po::value<std::string>(), "");
    }
  }
  description.add_options()(kPositional, po::value<std::vector<std::string>>(), "");
  return description;
}

std::vector<std::string> option_names(std::span<const Option> options) {
  std::vector<std::string> names;
  for (const auto& option : options) names.push_back(fmt::format("--{}", option.name));
  return names;
}

[[noreturn]] void throw_unknown(const std::string& word, std::span<const Option> options) {
  const auto near = suggest(word, option_names(options));
  throw UsageError(fmt::format("there is no option '{}'", sys::escape(word)),
                   near ? fmt::format("Did you mean '{}'?", *near) : "See: nslaunch help");
}

[[noreturn]] void throw_empty_value(const std::string& option) {
  throw UsageError(
      fmt::format("{}: its value is empty", sys::escape(option)),
      "A variable that is not set, perhaps? Leave the option out where there is nothing to say.");
}

std::vector<po::option> parse_words(std::span<const Option> options, const std::vector<std::string>& words) {
  if (words.empty()) return {};  // "nslaunch -- npm test" pays nothing for what it does not use
  for (const auto& word : words) {
    if (word.starts_with("--=")) throw_unknown(word, options);  // Boost takes what follows for no option
  }
  using namespace po::command_line_style;
  po::positional_options_description positional;
  positional.add(kPositional, -1);
  const auto description = boost_description(options);
  try {
    // All of unix_style except guessing: "--ti" must not become "--timeout" by chance.
    return po::command_line_parser(words)
        .options(description)
        .positional(positional)
        .style(unix_style & ~allow_guessing)
        .run()
        .options;
  } catch (const po::unknown_option& error) {
    throw_unknown(error.get_option_name(), options);
  } catch (const po::invalid_command_line_syntax& error) {
    if (error.kind() == error.empty_adjacent_parameter)
      throw_empty_value(error.get_option_name());  // "--name="
    const bool missing = error.kind() == error.missing_parameter;
    throw UsageError(
        sys::escape(error.what()),
        missing ? "A value that looks like an option is joined to it with '='." : "See: nslaunch help");
  } catch (const po::error& error) {
    throw UsageError(sys::escape(error.what()), "See: nslaunch help");
  }
}

std::string twin_name(const Option& option) {
  std::string name = "NSLAUNCH_OPT_";
  for (const char* letter = option.name; *letter != 0; ++letter) {
    name += *letter == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(*letter)));
  }
  return name;
}

bool means_yes(const std::string& name, const std::string& value) {
  if (value == "1" || value == "true" || value == "yes") return true;
  if (value == "0" || value == "false" || value == "no") return false;
  throw UsageError(fmt::format("{}={}: a switch takes 1 or 0", name, sys::escape(value)));
}

/// Environment variables apply if the command line does not give the option. For a repeatable option they
/// hold one value per line.
void add_twin(Arguments& arguments, const Option& option) {
  const auto name = twin_name(option);
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == 0 || arguments.has(option.name)) return;
  if (option.value_name == nullptr) {
    if (means_yes(name, value)) arguments.add_from_environment(name, option.name, {});
    return;
  }
  std::string_view rest(value);
  while (!rest.empty()) {
    const auto line = option.repeatable ? rest.substr(0, rest.find('\n')) : rest;
    if (!line.empty()) arguments.add_from_environment(name, option.name, std::string(line));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
}

/// Edits (insert, delete, replace) between two words.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

[[noreturn]] void throw_bad_value(const std::string& option, const std::string& value,
                                  std::string_view wanted) {
  throw UsageError(fmt::format("{}: '{}' is not {}", option, sys::escape(value), wanted));
}

}  // namespace

bool Arguments::has(std::string_view option) const {
  return values_.contains(option);
}

std::string Arguments::written(std::string_view option) const {
  const auto found = from_environment_.find(option);
  return found == from_environment_.end() ? fmt::format("--{}", option) : found->second;
}

std::string Arguments::text(std::string_view option, const std::string& otherwise) const {
  const auto found = values_.find(option);
  return found == values_.end() ? otherwise : found->second.back();
}

const std::vector<std::string>& Arguments::all(std::string_view option) const {
  static const std::vector<std::string> none;
  const auto found = values_.find(option);
  return found == values_.end() ? none : found->second;
}

std::optional<std::chrono::milliseconds> Arguments::duration(std::string_view option) const {
  if (!has(option)) return std::nullopt;
  const auto duration = sys::parse_duration(text(option));
  if (!duration) throw_bad_value(written(option), text(option), "a duration such as 250ms, 90s, 5m or 1h30m");
  return duration;
}

std::optional<std::uint64_t> Arguments::size(std::string_view option) const {
  if (!has(option)) return std::nullopt;
  const auto size = sys::parse_size(text(option));
  if (!size || *size == 0) throw_bad_value(written(option), text(option), "a size such as 512M or 2G");
  return size;
}

std::uint64_t Arguments::number(std::string_view option, std::uint64_t least, std::uint64_t most,
                                std::uint64_t otherwise) const {
  if (!has(option)) return otherwise;
  const auto value = text(option);
  const auto number = sys::whole_number<std::uint64_t>(value);
  if (!number || *number < least || *number > most)
    throw_bad_value(written(option), value, fmt::format("a number from {} to {}", least, most));
  return *number;
}

std::string Arguments::choice(std::string_view option, std::span<const char* const> choices,
                              const std::string& otherwise) const {
  if (!has(option)) return otherwise;
  auto value = text(option);
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  throw_bad_value(written(option), value, fmt::format("one of {}", fmt::join(choices, ", ")));
}

Arguments parse(std::span<const Option> own_options, std::span<const std::string> words) {
  std::vector<Option> options(own_options.begin(), own_options.end());
  options.push_back(kHelpOption);
  Arguments arguments;
  // Boost accepts "--" as the value of an option; also, what follows it must reach the command unchanged.
  const auto separator = std::find(words.begin(), words.end(), "--");
  arguments.has_separator = separator != words.end();
  if (arguments.has_separator) arguments.command.assign(separator + 1, words.end());
  const std::vector<std::string> before(words.begin(), separator);
  for (const auto& option : parse_words(options, before)) {
    if (option.position_key >= 0) {
      arguments.positional.insert(arguments.positional.end(), option.value.begin(), option.value.end());
    } else {
      const auto known = std::find_if(options.begin(), options.end(),
                                      [&](const Option& each) { return option.string_key == each.name; });
      if (known == options.end()) throw_unknown(option.original_tokens.front(), options);
      if (known->value_name != nullptr && option.value.front().empty()) {
        throw_empty_value(fmt::format("--{}", known->name));
      }
      arguments.add(option.string_key, option.value.empty() ? std::string() : option.value.front());
    }
  }
  for (const auto& option : options) {
    if (option.has_twin) add_twin(arguments, option);
  }
  return arguments;
}

std::optional<std::string> suggest(std::string_view word, std::span<const std::string> known) {
  const auto nearer = [&](const std::string& a, const std::string& b) {
    return distance(word, a) < distance(word, b);
  };
  const auto best = std::min_element(known.begin(), known.end(), nearer);
  if (best == known.end() || distance(word, *best) > std::max<std::size_t>(word.size() / 3, 1))
    return std::nullopt;
  return *best;
}

}  // namespace nslaunch::cli
