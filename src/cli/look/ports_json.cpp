#include "cli/look/ports_json.hpp"

#include <nlohmann/json.hpp>

#include "cli/common/age_json.hpp"
#include "inspect/snapshot/processes.hpp"
#include "run/report/json.hpp"

namespace nslaunch::cli {
namespace {

using Json = nlohmann::ordered_json;

Json owners_as_json(const Look& look, const inspect::OwnedSocket& socket,
                    const inspect::CommandLines& lines) {
  Json owners = Json::array();
  for (const pid_t pid : socket.owners) {
    const auto* owner = find_member(look, pid);
    if (owner == nullptr) continue;
    owners.push_back({{"pid", pid},
                      {"outer_pid", owner->stat.pid},
                      {"process_group", owner->stat.process_group},
                      {"age_ms", age_as_json(owner->stat)},
                      {"command_line", lines.of(owner->stat.pid)}});
  }
  return owners;
}

}  // namespace

std::string ports_as_json(const Look& look, const std::vector<inspect::Port>& ports) {
  Json json = {{"version", 1}, {"id", look.shard.record.id}, {"ports", Json::array()}};
  const inspect::CommandLines lines(inspect::owners_of(ports, look.members));
  for (const auto& port : ports) {
    const auto& socket = port.listener.socket;
    json["ports"].push_back({{"protocol", name_of(socket.protocol)},
                             {"local", socket.local},
                             {"shared", port.shared},
                             {"queued", socket.queued},
                             {"backlog", socket.backlog},
                             {"connections", port.connections},
                             {"uid", socket.uid},
                             {"processes", owners_as_json(look, port.listener, lines)}});
  }
  return run::json_text(json);
}

}  // namespace nslaunch::cli
