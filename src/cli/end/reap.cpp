#include "cli/common/command.hpp"

#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>
#include <nslaunch/registry.hpp>

#include <unistd.h>

#include "cli/common/choose.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

constexpr Option kReapOptions[] = {
    {"all", 'a', nullptr, "as root: what every user's launchers left"},
    kColorOption,
};

std::string counted(std::size_t number, const char* one) {
  return fmt::format("{} {}{}", number, one, number == 1 ? "" : "s");
}

int run_reap(const Arguments& arguments) {
  if (!arguments.positional.empty() || arguments.has_separator) {
    throw UsageError("reap takes options only", "To end one shard: nslaunch kill ID");
  }
  const auto result = reap_shards(arguments.has("all"));
  for (const auto& problem : result.problems) sys::say_error(sys::escape(problem));
  if (result.ended > 0) sys::say("ended " + counted(result.ended, "orphaned shard"));
  if (result.removed > 0)
    sys::say("removed " + counted(result.removed, "record") + " of shards that were gone");
  std::vector<std::string> repeated;  // the same as those of reap_shards()
  warn_of_unreadable(list_shards(arguments.has("all"), repeated));
  if (!result.problems.empty()) return kOwnFailure;
  const bool idle = result.ended == 0 && result.removed == 0;
  if (idle && ::isatty(STDERR_FILENO) == 1) sys::say("nothing to reap");
  return 0;
}

}  // namespace

const Command& reap_command() {
  static constexpr Command kCommand{
      "reap",
      "reap [--all]",
      "end orphaned shards and remove the records of dead ones",
      "nslaunch reap",
      [] { return std::span<const Option>(kReapOptions); },
      run_reap,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
