#include "cli/look/list_table.hpp"

#include <algorithm>
#include <ctime>
#include <map>

#include "cli/common/table.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::cli {
namespace {

std::string age(std::int64_t started_at) {
  const auto seconds = std::max<std::int64_t>(::time(nullptr) - std::max<std::int64_t>(started_at, 0), 0);
  if (seconds < 60) return fmt::format("{}s", seconds);
  return sys::format_duration(std::chrono::seconds(seconds));
}

std::string numbers(const std::vector<inspect::Port>& ports) {
  std::map<unsigned, bool> numbers;  // and whether it is shared
  for (const auto& port : ports) numbers[inspect::port_number(port.listener.socket)] |= port.shared;
  std::string text;
  for (const auto& [number, shared] : numbers) {
    text += fmt::format("{}{}{}", text.empty() ? "" : ",", number, shared ? " twice!" : "");
  }
  return text.empty() ? "-" : text;
}

const char* colour_of(ShardState state) {
  switch (state) {
    case ShardState::kRunning:
      return "\033[32m";
    case ShardState::kStarting:
    case ShardState::kHeld:
    case ShardState::kStopping:
      return "\033[33m";
    case ShardState::kOrphaned:
    case ShardState::kUnreadable:
      return "\033[31m";
    case ShardState::kDead:
      break;
  }
  return "\033[2m";
}

Row header(const TableStyle& style) {
  Row row = {{"ID"}, {"NAME"}, {"SHARD"}, {"STATE"}, {"AGE"}, {"PROCS"}, {"CPU"}, {"MEMORY"}, {"PORTS"}};
  if (style.with_user) row.push_back({"USER"});
  row.push_back({"COMMAND"});
  return row;
}

Cell state_cell(const ShardEntry& shard, const TableStyle& style) {
  return {fmt::format("{}{}", to_string(shard.state), shard.foreign ? "/foreign" : ""),
          style.colour ? colour_of(shard.state) : ""};
}

Row unreadable_row(const ShardEntry& shard, const TableStyle& style) {
  Row row = {{sys::escape(shard.record.id)}, {"-"}, {"-"}, state_cell(shard, style)};
  row.insert(row.end(), style.with_user ? 6 : 5, {"-"});
  row.push_back({sys::escape(fmt::format("({}: {})", shard.problem, shard.path))});
  return row;
}

bool is_shared(const run::Overview& overview) {
  return overview.ports && std::any_of(overview.ports->begin(), overview.ports->end(),
                                       [](const inspect::Port& port) { return port.shared; });
}

Row to_row(const ShardEntry& shard, const run::Overview& overview, const TableStyle& style) {
  if (shard.state == ShardState::kUnreadable) return unreadable_row(shard, style);
  const auto& record = shard.record;
  Row row = {{sys::escape(record.id)},
             {record.name.empty() ? "-" : sys::escape(record.name)},
             {fmt::format("{}/{}", record.shard_index, record.shard_total)},
             state_cell(shard, style),
             {age(record.started_at)}};
  const auto& summary = overview.summary;
  row.push_back({summary ? std::to_string(summary->processes) : "-"});
  row.push_back(
      {summary ? fmt::format("{:.2f}s", std::chrono::duration<double>(summary->cpu).count()) : "-"});
  row.push_back({summary ? sys::format_size(summary->rss_bytes) : "-"});
  row.push_back({overview.ports ? numbers(*overview.ports) : "-",
                 style.colour && is_shared(overview) ? "\033[31m" : ""});
  if (style.with_user) row.push_back({std::to_string(record.uid)});
  row.push_back({sys::shell_quote(record.command)});
  return row;
}

}  // namespace

std::string shard_table(std::span<const ShardEntry> shards, std::span<const run::Overview> overviews,
                        const TableStyle& style) {
  if (shards.empty()) return {};
  const bool for_people = style.width > 0;
  std::vector<Row> rows;
  if (for_people) rows.push_back(header(style));
  for (std::size_t at = 0; at < shards.size(); ++at) rows.push_back(to_row(shards[at], overviews[at], style));
  return for_people ? aligned(rows, style.width) : tab_separated(rows);
}

}  // namespace nslaunch::cli
