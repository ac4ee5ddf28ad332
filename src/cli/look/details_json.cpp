#include "cli/look/details_json.hpp"

#include <nlohmann/json.hpp>

#include "cli/common/age_json.hpp"
#include "run/report/json.hpp"

namespace nslaunch::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostEntries = 10;

Json namespaces_as_json(const std::vector<inspect::Namespace>& namespaces) {
  Json json = Json::object();
  for (const auto& each : namespaces) json[each.type] = each.inode;
  return json;
}

Json process_as_json(const inspect::ProcessDetails& process) {
  const auto& stat = process.member->stat;
  return {{"pid", process.member->pid},
          {"parent", process.member->parent},
          {"outer_pid", stat.pid},
          {"process_group", stat.process_group},
          {"session", stat.session},
          {"state", std::string(1, stat.state)},
          {"waits_in", process.waits_in.empty() ? Json() : Json(process.waits_in)},
          {"age_ms", age_as_json(stat)},
          {"user_ticks", stat.utime_ticks},
          {"system_ticks", stat.stime_ticks},
          {"rss_pages", stat.rss_pages},
          {"command_line", process.command_line}};
}

Json socket_as_json(const inspect::OwnedSocket& owned) {
  const auto& socket = owned.socket;
  return {{"protocol", name_of(socket.protocol)},
          {"listening", socket.listening},
          {"closing", socket.closing},
          {"local", socket.local},
          {"remote", socket.remote},
          {"inode", socket.inode},
          {"uid", socket.uid},
          {"pids", owned.owners}};
}

Json mount_as_json(const inspect::Mount& mount) {
  Json json = {{"path", mount.path}, {"type", mount.type}};
  if (mount.usage) {
    json["used_bytes"] = mount.usage->used_bytes;
    json["limit_bytes"] = mount.usage->limit_bytes;
    json["files"] = mount.usage->files;
  }
  return json;
}

template <typename List, typename ToJson>
Json array_of(const List& list, ToJson to_json) {
  Json json = Json::array();
  for (const auto& each : list) json.push_back(to_json(each));
  return json;
}

Json tmp_as_json(const inspect::Contents& contents) {
  if (!contents.tmp) return {};
  return array_of(*contents.tmp, [](const inspect::Usage& entry) {
    return Json{{"name", entry.name}, {"bytes", entry.bytes}};
  });
}

}  // namespace

Details details_of(const std::vector<std::string>& words) {
  Details details{look_into(words), {}, {}, {}, {}};
  warn_of_standstill(details.look.shard.record);
  const pid_t init = details.look.shard.record.init.pid;
  details.namespaces = inspect::own_namespaces(init);
  details.processes = inspect::details_of(details.look.members);
  details.mounts = inspect::own_mounts(init);
  details.contents = inspect::contents_of(init, details.mounts, kMostEntries);
  return details;
}

std::string details_as_json(const Details& details) {
  const auto& shard = details.look.shard;
  const auto& record = shard.record;
  const Json json = {{"version", 1},
                     {"id", record.id},
                     {"name", record.name},
                     {"state", to_string(shard.state)},
                     {"command", record.command},
                     {"cwd", record.cwd},
                     {"uid", record.uid},
                     {"started_at", record.started_at},
                     {"isolation", record.isolation},
                     {"launcher_pid", record.launcher.pid},
                     {"init_pid", record.init.pid},
                     {"path", shard.path},
                     {"namespaces", namespaces_as_json(details.namespaces)},
                     {"processes", array_of(details.processes, process_as_json)},
                     {"sockets", array_of(details.look.sockets, socket_as_json)},
                     {"mounts", array_of(details.mounts, mount_as_json)},
                     {"tmp", tmp_as_json(details.contents)},
                     {"not_looked_at", details.contents.unseen}};
  return run::json_text(json);
}

}  // namespace nslaunch::cli
