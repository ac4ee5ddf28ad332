#include "registry/record/record.hpp"

#include <limits>
#include <nlohmann/json.hpp>

namespace nslaunch::registry {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestName = 256;
constexpr std::size_t kLongestDirectory = 4096;
constexpr std::size_t kCommandBudget = 16'384;
constexpr std::size_t kMostGroups = 256;

std::string cut(const std::string& text, std::size_t limit) {
  return text.size() <= limit ? text : text.substr(0, limit) + "...";
}

/// The arguments that fit into `budget` bytes; "..." stands for the rest.
std::vector<std::string> cut(const std::vector<std::string>& arguments, std::size_t budget) {
  std::vector<std::string> kept;
  for (const auto& argument : arguments) {
    if (budget <= argument.size()) {
      kept.push_back(cut(argument, budget));
      break;
    }
    kept.push_back(argument);
    budget -= argument.size() + 1;
  }
  if (kept.size() < arguments.size()) kept.emplace_back("...");
  return kept;
}

std::string body(const ShardRecord& record, std::size_t command_budget) {
  Json json = {
      {"id", record.id},
      {"name", cut(record.name, kLongestName)},
      {"run_id", cut(record.run_id, kLongestName)},
      {"shard_index", record.shard_index},
      {"shard_total", record.shard_total},
      {"fleet_member", record.fleet_member},
      {"command", cut(record.command, command_budget)},
      {"cwd", cut(record.cwd, kLongestDirectory)},
      {"uid", record.uid},
      {"started_at", record.started_at},
      {"isolation", cut(record.isolation, kLongestName)},
  };
  if (record.command_uid) json["command_uid"] = *record.command_uid;
  if (record.command_gid && record.command_groups.size() <= kMostGroups) {
    json["command_gid"] = *record.command_gid;
    json["command_groups"] = record.command_groups;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Json's own conversion wraps a number that does not fit.
template <typename Number>
Number number(const Json& value) {
  if (!value.is_number_integer()) throw std::out_of_range("no integer");
  if (value.is_number_unsigned()) {
    if (value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<Number>::max())) {
      throw std::out_of_range("too much");
    }
  } else if (std::is_unsigned_v<Number> ||
             value.get<std::int64_t>() < static_cast<std::int64_t>(std::numeric_limits<Number>::min())) {
    throw std::out_of_range("too little");
  }
  return value.get<Number>();
}

template <typename Number>
Number number(const Json& json, const char* key) {
  return number<Number>(json.at(key));
}

void take_body(std::string_view text, ShardRecord& record) {
  const Json json = Json::parse(text);
  json.at("id").get_to(record.id);
  json.at("name").get_to(record.name);
  json.at("run_id").get_to(record.run_id);
  // No record of ours has more words; each costs memory in a process that reads another user's record.
  if (json.at("command").size() > kCommandBudget) throw std::out_of_range("command");
  json.at("command").get_to(record.command);
  json.at("cwd").get_to(record.cwd);
  json.at("isolation").get_to(record.isolation);
  // Early version 1 records have neither.
  if (json.contains("shard_index")) record.shard_index = number<unsigned>(json, "shard_index");
  if (json.contains("shard_total")) record.shard_total = number<unsigned>(json, "shard_total");
  // Some records of nslaunch 0.1 lack fleet_member: only a fleet's shards had a run id other than their id.
  record.fleet_member = record.run_id != record.id;
  if (json.contains("fleet_member")) json.at("fleet_member").get_to(record.fleet_member);
  record.uid = number<uid_t>(json, "uid");
  if (json.contains("command_uid")) record.command_uid = number<uid_t>(json, "command_uid");
  if (json.contains("command_gid")) {
    record.command_gid = number<gid_t>(json, "command_gid");
    for (const auto& group : json.at("command_groups")) record.command_groups.push_back(number<gid_t>(group));
  }
  record.started_at = number<std::int64_t>(json, "started_at");
}

}  // namespace

std::string encode(const ShardRecord& record, ShardState state) {
  const std::string header = encode(Header{state, record.launcher, record.init});
  // A control character takes six bytes of JSON, so what fits is known only after encoding.
  for (std::size_t budget = kCommandBudget;; budget /= 2) {
    std::string text = header + body(record, budget);
    if (text.size() <= kRecordLimit || budget == 0) return text;
  }
}

Decoded decode(std::string_view text) {
  Decoded decoded;
  Header header;
  decoded.condition = take_header(text, header, decoded.problem);
  if (decoded.condition != Condition::kGood) return decoded;
  try {
    take_body(text, decoded.record);
  } catch (const std::exception&) {  // of any kind: the text is untrusted
    return {Condition::kDamaged, "damaged", ShardState::kUnreadable, {}};
  }
  decoded.state = header.state;
  decoded.record.launcher = std::move(header.launcher);
  decoded.record.init = std::move(header.init);
  return decoded;
}

}  // namespace nslaunch::registry
