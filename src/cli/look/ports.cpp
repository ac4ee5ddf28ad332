#include "cli/common/command.hpp"

#include <nslaunch/error.hpp>

#include <optional>

#include "cli/common/look.hpp"
#include "cli/common/print.hpp"
#include "cli/common/refresh.hpp"
#include "cli/common/table.hpp"
#include "cli/look/ports_json.hpp"
#include "inspect/snapshot/ports.hpp"
#include "inspect/snapshot/processes.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"
#include "sys/process/identity.hpp"

namespace nslaunch::cli {
namespace {

constexpr Option kPortsOptions[] = {
    {"json", 0, nullptr, "print JSON ({\"version\":1,\"ports\":[...]})"},
    {"watch", 'w', nullptr, "show them again every second, until Ctrl-C or the shard's end"},
    kColorOption,
};

std::string pids(const inspect::OwnedSocket& socket) {
  return socket.owners.empty() ? "-" : fmt::format("{}", fmt::join(socket.owners, ","));
}

std::string first_command(const Look& look, const inspect::OwnedSocket& socket,
                          const inspect::CommandLines& lines) {
  const auto* owner = socket.owners.empty() ? nullptr : find_member(look, socket.owners.front());
  return owner != nullptr ? sys::escape(lines.of(owner->stat.pid)) : "-";
}

std::string since(const Look& look, const inspect::OwnedSocket& socket) {
  const auto* owner = socket.owners.empty() ? nullptr : find_member(look, socket.owners.front());
  return owner != nullptr ? inspect::age_in_words(owner->stat) : "-";
}

Row to_row(const Look& look, const inspect::Port& port, const inspect::CommandLines& lines) {
  const auto& socket = port.listener.socket;
  const bool tcp = socket.protocol == ns::Protocol::kTcp;
  const bool queues = socket.protocol != ns::Protocol::kUdp;
  return {{name_of(socket.protocol)},
          {sys::escape(socket.local) + (port.shared ? " twice!" : "")},
          {pids(port.listener)},
          {since(look, port.listener)},
          {queues ? fmt::format("{}/{}", socket.queued, socket.backlog) : "-"},
          {tcp ? std::to_string(port.connections) : "-"},
          {first_command(look, port.listener, lines)}};
}

std::string as_table(const Look& look, const std::vector<inspect::Port>& ports) {
  const auto width = terminal_width();
  std::vector<Row> rows;
  if (width > 0) {
    rows.push_back({{"PROTO"}, {"LISTENS ON"}, {"PID"}, {"AGE"}, {"QUEUE"}, {"CONNECTIONS"}, {"COMMAND"}});
  }
  const inspect::CommandLines lines(inspect::owners_of(ports, look.members));
  for (const auto& port : ports) rows.push_back(to_row(look, port, lines));
  return width > 0 ? aligned(rows, width) : tab_separated(rows);
}

/// Returns the shard that was shown.
ShardEntry show_ports(const Arguments& arguments, bool refreshing) {
  const auto look = look_into(arguments.positional);
  const auto ports = inspect::ports_among(look.sockets, look.members);
  auto text = arguments.has("json") ? ports_as_json(look, ports) : as_table(look, ports);
  if (refreshing && terminal_width() > 0) text = in_place(text);
  print(text, "writing the list");
  if (!refreshing && ports.empty() && terminal_width() > 0) sys::say("nothing listens in the shard");
  return look.shard;
}

void watch(const Arguments& arguments) {
  std::optional<ShardEntry> shown;
  try {
    show_once_or_again(true, [&] { shown = show_ports(arguments, true); });
  } catch (const Error&) {
    if (!shown || sys::find(shown->record.init, shown->record.uid)) throw;
    sys::say(fmt::format("shard {} has ended", sys::escape(shown->record.id)));
  }
}

int run_ports(const Arguments& arguments) {
  if (arguments.has_separator) throw UsageError("ports runs no command", "nslaunch ports ID");
  if (arguments.has("watch")) {
    watch(arguments);
  } else {
    warn_of_standstill(show_ports(arguments, false).record);
  }
  return 0;
}

}  // namespace

const Command& ports_command() {
  static constexpr Command kCommand{
      "ports",
      "ports [--json] [--watch] ID|NAME",
      "show who listens on what in a shard",
      "nslaunch ports --watch 0bad",
      [] { return std::span<const Option>(kPortsOptions); },
      run_ports,
      Takes::kShards,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
