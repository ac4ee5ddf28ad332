#include "cli/list_json.hpp"

#include <nlohmann/json.hpp>

namespace nslaunch::cli {
namespace {

using Json = nlohmann::ordered_json;

Json pid_as_json(const ProcessIdentity& process, bool foreign) {
  return foreign || process.pid <= 0 ? Json() : Json(process.pid);
}

Json shard_as_json(const ShardEntry& shard) {
  const auto& record = shard.record;
  Json json = {
      {"id", record.id}, {"state", to_string(shard.state)}, {"foreign", shard.foreign}, {"path", shard.path}};
  if (shard.state == ShardState::kUnreadable) {
    json["problem"] = shard.problem;
    return json;
  }
  json["name"] = record.name;
  json["run_id"] = record.run_id;
  json["command"] = record.command;
  json["cwd"] = record.cwd;
  json["uid"] = record.uid;
  json["started_at"] = record.started_at;
  json["isolation"] = record.isolation;
  json["launcher_pid"] = pid_as_json(record.launcher, shard.foreign);
  json["init_pid"] = pid_as_json(record.init, shard.foreign);
  return json;
}

}  // namespace

std::string shards_as_json(std::span<const ShardEntry> shards) {
  Json json = {{"version", 1}, {"shards", Json::array()}};
  for (const auto& shard : shards) json["shards"].push_back(shard_as_json(shard));
  // JSON has no bytes that are not UTF-8: a file's name may.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace nslaunch::cli
