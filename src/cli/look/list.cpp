#include "cli/common/command.hpp"

#include <nslaunch/error.hpp>
#include <nslaunch/registry.hpp>

#include <unistd.h>

#include <algorithm>

#include "cli/common/choose.hpp"
#include "cli/common/print.hpp"
#include "cli/common/refresh.hpp"
#include "cli/common/table.hpp"
#include "cli/look/list_json.hpp"
#include "cli/look/list_table.hpp"
#include "run/client/overview.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

constexpr Option kListOptions[] = {
    {"json", 0, nullptr, "print JSON ({\"version\":1,\"shards\":[...]})"},
    {"quiet", 'q', nullptr, "print ids only; of other users' shards UID/ID"},
    {"all", 'a', nullptr, "as root: the shards of every user"},
    {"watch", 'w', nullptr, "show them again every second, until Ctrl-C"},
    kColorOption,
};

/// The name of a file that is no record may be one that a shell splits into two words.
std::string ids(std::span<const ShardEntry> shards) {
  std::string text;
  for (const auto& shard : shards) {
    if (is_valid_id(shard.record.id)) text += word_for(shard.record, ::geteuid()) + '\n';
  }
  return text;
}

void advise(std::span<const ShardEntry> shards) {
  const auto orphans = std::count_if(shards.begin(), shards.end(), [](const ShardEntry& shard) {
    return shard.state == ShardState::kOrphaned && !shard.foreign;
  });
  if (orphans == 1) sys::warn("1 shard has lost its launcher; to end it, run: nslaunch reap");
  if (orphans > 1)
    sys::warn(fmt::format("{} shards have lost their launchers; to end them, run: nslaunch reap", orphans));
}

std::string as_asked(std::span<const ShardEntry> shards, const Arguments& arguments,
                     const TableStyle& style) {
  if (arguments.has("quiet")) return ids(shards);
  const auto overviews = run::overview_of(shards);
  return arguments.has("json") ? shards_as_json(shards, overviews) : shard_table(shards, overviews, style);
}

/// Shows the list once. `refreshing`: in place of what was shown before.
void show_list(const Arguments& arguments, bool refreshing) {
  std::vector<std::string> warnings;
  const auto shards = list_shards(arguments.has("all"), warnings);
  const TableStyle style{terminal_width(), sys::colour_wanted(STDOUT_FILENO), arguments.has("all")};
  std::string text = as_asked(shards, arguments, style);
  if (refreshing && style.width > 0) text = in_place(shards.empty() ? "no shards\n" : text);
  print(text, "writing the list");
  if (refreshing) return;
  for (const auto& warning : warnings) sys::warn(sys::escape(warning));
  if (arguments.has("json") || arguments.has("quiet")) return;
  if (shards.empty() && style.width > 0) sys::say("no shards");
  advise(shards);
  warn_of_unreadable(shards);
}

int run_list(const Arguments& arguments) {
  if (!arguments.positional.empty() || arguments.has_separator) {
    throw UsageError("list takes options only", "To choose among the shards: nslaunch list --json");
  }
  sweep_registry();
  const bool watches = arguments.has("watch");
  show_once_or_again(watches, [&] { show_list(arguments, watches); });
  return 0;
}

}  // namespace

const Command& list_command() {
  static constexpr Command kCommand{
      "list",
      "list [--json | -q] [--all] [--watch]",
      "show the shards that are there",
      "nslaunch list",
      [] { return std::span<const Option>(kListOptions); },
      run_list,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
