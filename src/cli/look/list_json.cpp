#include "cli/look/list_json.hpp"

#include <nlohmann/json.hpp>

#include "run/report/json.hpp"

namespace nslaunch::cli {
namespace {

using Json = nlohmann::ordered_json;

Json pid_as_json(const ProcessIdentity& process, bool foreign) {
  return foreign || process.pid <= 0 ? Json() : Json(process.pid);
}

Json ports_as_json(const std::vector<inspect::Port>& ports) {
  Json json = Json::array();
  for (const auto& port : ports) {
    const auto& socket = port.listener.socket;
    json.push_back(
        {{"port", inspect::port_number(socket)}, {"local", socket.local}, {"shared", port.shared}});
  }
  return json;
}

Json shard_as_json(const ShardEntry& shard, const run::Overview& overview) {
  const auto& record = shard.record;
  Json json = {
      {"id", record.id}, {"state", to_string(shard.state)}, {"foreign", shard.foreign}, {"path", shard.path}};
  if (shard.state == ShardState::kUnreadable) {
    json["problem"] = shard.problem;
    return json;
  }
  json["name"] = record.name;
  json["run_id"] = record.run_id;
  json["shard_index"] = record.shard_index;
  json["shard_total"] = record.shard_total;
  json["command"] = record.command;
  json["cwd"] = record.cwd;
  json["uid"] = record.uid;
  json["started_at"] = record.started_at;
  json["isolation"] = record.isolation;
  json["launcher_pid"] = pid_as_json(record.launcher, shard.foreign);
  json["init_pid"] = pid_as_json(record.init, shard.foreign);
  const auto& summary = overview.summary;
  json["processes"] = summary ? Json(summary->processes) : Json();
  json["cpu_ms"] = summary ? Json(summary->cpu.count()) : Json();
  json["rss_bytes"] = summary ? Json(summary->rss_bytes) : Json();
  json["ports"] = overview.ports ? ports_as_json(*overview.ports) : Json();
  return json;
}

}  // namespace

std::string shards_as_json(std::span<const ShardEntry> shards, std::span<const run::Overview> overviews) {
  Json json = {{"version", 1}, {"shards", Json::array()}};
  for (std::size_t at = 0; at < shards.size(); ++at) {
    json["shards"].push_back(shard_as_json(shards[at], overviews[at]));
  }
  return run::json_text(json);
}

}  // namespace nslaunch::cli
