// The words of every subcommand's command line, up to "--" and behind it.
#include "cli/common/command.hpp"
#include "input.hpp"

namespace {

using namespace nslaunch;

/// Whatever a value is, a getter takes it or says what is wrong.
void read_values(const cli::Arguments& arguments, std::span<const cli::Option> options) {
  for (const auto& option : options) {
    if (!arguments.has(option.name)) continue;
    fuzz::require(!arguments.all(option.name).empty(), "an option that was given has a value");
    fuzz::require(option.value_name == nullptr || !arguments.text(option.name).empty(),
                  "a value is not empty");
    fuzz::works([&] { arguments.duration(option.name); });
    fuzz::works([&] { fuzz::require(*arguments.size(option.name) != 0, "a size is not 0"); });
    fuzz::works([&] {
      const auto number = arguments.number(option.name, 3, 10, 5);
      fuzz::require(number >= 3 && number <= 10, "a number is within its limits");
    });
  }
}

void try_command(const cli::Command& command, const std::vector<std::string>& words) {
  const auto arguments = cli::parse(command.options(), words);
  const auto separator = std::find(words.begin(), words.end(), "--");
  fuzz::require(arguments.has_separator == (separator != words.end()), "the first -- divides");
  const std::vector<std::string> behind(separator == words.end() ? separator : separator + 1, words.end());
  fuzz::require(arguments.command == behind, "what is behind -- is passed on as it is");
  for (const auto& word : arguments.positional) {
    fuzz::require(std::find(words.begin(), separator, word) != separator, "a word is one that was given");
  }
  read_values(arguments, command.options());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto commands = cli::commands();
  const auto& command = commands[input.number() % commands.size()];
  const auto words = input.words();
  fuzz::works([&] { try_command(command, words); });
  return 0;
}
