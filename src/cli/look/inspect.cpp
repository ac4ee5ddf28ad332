#include "cli/common/command.hpp"

#include <nslaunch/error.hpp>

#include <unistd.h>

#include <ctime>
#include <utility>

#include "cli/common/print.hpp"
#include "cli/common/table.hpp"
#include "cli/look/details_json.hpp"
#include "inspect/hang/hang_report.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::cli {
namespace {

constexpr Option kInspectOptions[] = {
    {"json", 0, nullptr, "print JSON ({\"version\":1,\"id\":...})"},
    {"autopsy", 0, nullptr, "say what it hangs in: threads, kernel stacks, sockets"},
    kColorOption,
};

constexpr const char* kBold = "\033[1m";

/// Rows under a title; empty if there are none except the header.
std::string section(const char* title, const std::vector<Row>& rows, bool coloured) {
  if (rows.size() < 2) return {};
  const auto width = terminal_width();
  const auto table = width > 0 ? aligned(rows, width) : tab_separated(rows);
  return fmt::format("\n{}{}{}\n{}", coloured ? kBold : "", title, coloured ? "\033[0m" : "", table);
}

std::string start_of(const ShardRecord& record) {
  const auto at = static_cast<time_t>(record.started_at);
  char text[64] = "";
  tm parts = {};
  if (::localtime_r(&at, &parts) != nullptr) std::strftime(text, sizeof text, "%F %T", &parts);
  return text;
}

std::string names_of(const std::vector<inspect::Namespace>& namespaces) {
  std::vector<std::string> names;
  for (const auto& each : namespaces) names.push_back(fmt::format("{} {}", each.type, each.inode));
  return names.empty() ? "-" : fmt::format("{}", fmt::join(names, ", "));
}

std::string summary(const Details& details) {
  const auto& shard = details.look.shard;
  const auto& record = shard.record;
  const std::pair<const char*, std::string> facts[] = {
      {"shard", sys::escape(record.id)},
      {"name", sys::escape(record.name)},
      {"state", to_string(shard.state)},
      {"started", start_of(record)},
      {"command", sys::shell_quote(record.command)},
      {"directory", sys::escape(record.cwd)},
      {"user", std::to_string(record.uid)},
      {"isolation", sys::escape(record.isolation)},
      {"namespaces", names_of(details.namespaces)},
      {"launcher", fmt::format("pid {}", record.launcher.pid)},
      {"init", fmt::format("pid {}", record.init.pid)},
      {"record", sys::escape(shard.path)},
  };
  std::string text;
  for (const auto& [name, value] : facts) text += fmt::format("{:<10}  {}\n", name, value);
  return text;
}

std::vector<Row> process_rows(const Details& details) {
  std::vector<Row> rows = {
      {{"PID"}, {"OUTSIDE"}, {"STATE"}, {"WAITS IN"}, {"AGE"}, {"CPU"}, {"MEMORY"}, {"COMMAND"}}};
  for (const auto& process : details.processes) {
    const auto& stat = process.member->stat;
    rows.push_back({{std::to_string(process.member->pid)},
                    {std::to_string(stat.pid)},
                    {inspect::state_in_words(stat.state)},
                    {process.waits_in.empty() ? "-" : sys::escape(process.waits_in)},
                    {inspect::age_in_words(stat)},
                    {inspect::cpu_of(stat)},
                    {inspect::memory_of(stat)},
                    {process.indentation() + sys::escape(process.command_line)}});
  }
  return rows;
}

std::vector<Row> socket_rows(const Details& details) {
  std::vector<Row> rows = {{{"PROTO"}, {"STATE"}, {"LOCAL"}, {"REMOTE"}, {"PID"}}};
  for (const auto& owned : details.look.sockets) {
    const auto& socket = owned.socket;
    // A pair of connected Unix sockets has no meaningful name.
    if (socket.local.empty() && socket.remote.empty()) continue;
    rows.push_back({{name_of(socket.protocol)},
                    {state_of(socket)},
                    {socket.local.empty() ? "-" : sys::escape(socket.local)},
                    {socket.remote.empty() ? "-" : sys::escape(socket.remote)},
                    {owned.owners.empty() ? "-" : fmt::format("{}", fmt::join(owned.owners, ","))}});
  }
  return rows;
}

std::vector<Row> mount_rows(const Details& details) {
  std::vector<Row> rows = {{{"MOUNT"}, {"TYPE"}, {"USED"}, {"LIMIT"}, {"FILES"}}};
  for (const auto& mount : details.mounts) {
    const auto& usage = mount.usage;
    rows.push_back({{sys::escape(mount.path)},
                    {sys::escape(mount.type)},
                    {usage ? sys::format_size(usage->used_bytes) : "-"},
                    {usage ? sys::format_size(usage->limit_bytes) : "-"},
                    {usage ? std::to_string(usage->files) : "-"}});
  }
  return rows;
}

std::vector<Row> tmp_rows(const Details& details) {
  std::vector<Row> rows = {{{"SIZE"}, {"ENTRY"}}};
  for (const auto& entry : details.contents.tmp.value_or(std::vector<inspect::Usage>()))
    rows.push_back({{sys::format_size(entry.bytes)}, {sys::escape(entry.name)}});
  return rows;
}

std::vector<Row> unseen_rows(const Details& details) {
  std::vector<Row> rows = {{{"WHAT, AND WHY"}}};
  for (const auto& line : details.contents.unseen) rows.push_back({{sys::escape(line)}});
  return rows;
}

std::string autopsy(const std::vector<std::string>& words) {
  const auto live = find_live_shard(words);
  const auto& record = live.shard.record;
  warn_of_standstill(record);
  auto report = inspect::hang_report_of({record.id, record.name, record.command, record.init.pid}, "");
  if (live.init.has_ended()) throw live.gone();
  return report;
}

std::string everything(const Details& details) {
  const bool coloured = sys::colour_wanted(STDOUT_FILENO);
  return summary(details) + section("processes", process_rows(details), coloured) +
         section("sockets", socket_rows(details), coloured) +
         section("mounts of its own", mount_rows(details), coloured) +
         section("largest in its /tmp", tmp_rows(details), coloured) +
         section("not looked at", unseen_rows(details), coloured);
}

int run_inspect(const Arguments& arguments) {
  if (arguments.has_separator) throw UsageError("inspect runs no command", "nslaunch inspect ID");
  const auto& words = arguments.positional;
  if (arguments.has("autopsy") && arguments.has("json"))
    throw UsageError("--autopsy is a text for people: it can't be had as JSON", "nslaunch inspect --json ID");
  const auto text = arguments.has("autopsy") ? autopsy(words)
                    : arguments.has("json")  ? details_as_json(details_of(words))
                                             : everything(details_of(words));
  print(text, "writing what was found");
  return 0;
}

}  // namespace

const Command& inspect_command() {
  static constexpr Command kCommand{
      "inspect",
      "inspect [--json | --autopsy] ID|NAME",
      "show everything about a shard that runs",
      "nslaunch inspect 0bad",
      [] { return std::span<const Option>(kInspectOptions); },
      run_inspect,
      Takes::kShards,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
