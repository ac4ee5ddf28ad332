#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>

#include <algorithm>
#include <exception>
#include <new>

#include "cli/common/command.hpp"
#include "cli/common/help.hpp"
#include "cli/startup.hpp"
#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"

namespace {

using namespace nslaunch;

const cli::Command* find_command(const std::string& name) {
  const auto all = cli::commands();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const cli::Command& command) { return name == command.name; });
  return found == all.end() ? nullptr : &*found;
}

[[noreturn]] void throw_unknown(const std::vector<std::string>& words) {
  std::vector<std::string> names;
  for (const auto& command : cli::commands()) names.emplace_back(command.name);
  const auto near = cli::suggest(words.front(), names);
  const std::string run_it = "nslaunch -- " + sys::shell_quote(words);
  throw UsageError(fmt::format("'{}' is not a subcommand", sys::escape(words.front())),
                   near ? fmt::format("Did you mean 'nslaunch {}'? To run it in a shard: {}", *near, run_it)
                        : fmt::format("To run it in a shard: {}", run_it));
}

void set_colour(const cli::Arguments& arguments) {
  constexpr const char* kColours[] = {"auto", "always", "never"};
  const auto colour = arguments.choice("color", kColours, "auto");
  sys::set_colour(colour == "always"  ? sys::Colour::kAlways
                  : colour == "never" ? sys::Colour::kNever
                                      : sys::Colour::kAuto);
}

/// The first word decides: a subcommand, or an option (then it is a run).
int dispatch(std::vector<std::string> words) {
  if (words.empty())
    throw UsageError("no command was given", "For example: nslaunch -- npm test; or see: nslaunch help");
  if (words.front() == "--version") words.front() = "version";
  if (words.front() == "--help" || words.front() == "-h") words.front() = "help";
  const bool is_option = words.front().starts_with('-');
  const auto* command = is_option ? find_command("run") : find_command(words.front());
  if (command == nullptr) throw_unknown(words);
  if (!is_option) words.erase(words.begin());
  const auto arguments = cli::parse(command->options(), words);
  if (arguments.has(cli::kHelpOption.name)) {
    cli::print_help(*command);
    return 0;
  }
  set_colour(arguments);
  return command->run(arguments);
}

}  // namespace

int main(int count, char** words) {
  if (!cli::endure_narrow_limits()) return kOwnFailure;
  try {
    sys::guard_standard_streams();
    cli::refuse_lent_rights();
    return dispatch({words + 1, words + count});
  } catch (const std::bad_alloc&) {
    cli::say_out_of_memory();
    return kOwnFailure;
  } catch (const CommandError& error) {
    sys::say_error(error.what());
    return error.exit_status();
  } catch (const std::exception& error) {
    sys::say_error(error.what());
    return kOwnFailure;
  }
}
