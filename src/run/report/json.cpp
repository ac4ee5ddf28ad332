#include "run/report/json.hpp"

#include <nlohmann/json.hpp>

namespace nslaunch::run {
namespace {

using Json = nlohmann::ordered_json;

Json exit_as_json(const Outcome& outcome) {
  const bool died = outcome.term_signal != 0;
  return {{"status", died ? Json() : Json(outcome.exit_status)},
          {"signal", died ? Json(outcome.term_signal) : Json()},
          {"cause", outcome.cause == EndCause::kNone ? Json() : Json(to_string(outcome.cause))},
          {"grace_expired", outcome.grace_expired},
          {"hint", outcome.out_of_memory ? Json("the kernel's OOM killer ended it") : Json()}};
}

Json leaks_as_json(const std::vector<Leak>& leaks) {
  Json json = Json::array();
  for (const auto& leak : leaks) {
    json.push_back({{"pid", leak.pid},
                    {"parent_pid", leak.parent_pid},
                    {"age_ms", leak.age.count()},
                    {"command_line", leak.command_line},
                    {"listening", leak.listening}});
  }
  return json;
}

}  // namespace

std::string json_text(const nlohmann::ordered_json& json) {
  constexpr bool kEscapeAllButAscii = true;
  return json.dump(-1, ' ', kEscapeAllButAscii, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void add_outcome(Json& json, const Outcome& outcome) {
  const auto& usage = outcome.usage;
  json["isolation"] = outcome.isolation;
  json["exit"] = exit_as_json(outcome);
  json["out_of_memory"] = outcome.out_of_memory;
  json["memory_limit_reached"] = outcome.memory_limit_reached;
  json["pids_limit_reached"] = outcome.pids_limit_reached;
  json["setup_us"] = outcome.setup.count();
  json["duration_us"] = outcome.duration.count();
  json["held_us"] = outcome.held.count();
  json["teardown_us"] = outcome.teardown.count();
  json["cpu"] = usage ? Json{{"user_us", usage->user.count()}, {"system_us", usage->system.count()}} : Json();
  json["peak_memory_bytes"] = usage ? Json(usage->peak_memory) : Json();
  const bool unknown = outcome.leaks_unknown;
  json["leaks"] = unknown && outcome.leaks.empty() ? Json() : leaks_as_json(outcome.leaks);
  json["leak_count"] = unknown ? Json() : Json(outcome.leak_count);
  json["killed_count"] = outcome.killed_count ? Json(*outcome.killed_count) : Json();
  json["all_gone"] = outcome.all_gone;
  json["culprit"] = outcome.teardown_blocker.empty() ? Json() : Json(outcome.teardown_blocker);
}

}  // namespace nslaunch::run
