#include "cli/doctor/doctor_json.hpp"

#include <nslaunch/version.hpp>

#include <nlohmann/json.hpp>

#include "run/report/json.hpp"

namespace nslaunch::cli {
namespace {

using Json = nlohmann::ordered_json;
using shard::StepResult;

constexpr const char* kVerdicts[] = {"full", "reduced", "none"};
constexpr const char* kStates[] = {"ok", "failed", "skipped"};
constexpr const char* kPrivilegeModes[] = {"privileged", "split", "rootless"};

template <typename Value, std::size_t Count>
const char* name_in(const char* const (&names)[Count], Value value) {
  return names[static_cast<std::size_t>(value)];
}

Json remedies_as_json(const shard::Remedies& remedies) {
  Json json = Json::array();
  for (const auto& remedy : remedies) json.push_back({{"what", remedy.what}, {"paste", remedy.paste}});
  return json;
}

Json step_as_json(const StepResult& result) {
  const auto& row = shard::row(result.step);
  Json json = {{"step", row.name}, {"doing", row.doing}, {"state", name_in(kStates, result.state)}};
  if (result.state == StepResult::State::kOk) json["took_us"] = result.took.count();
  if (result.state != StepResult::State::kFailed) return json;
  json["error"] = result.error;
  json["errno"] = result.error_number != 0 ? Json(result.error_number) : Json();
  json["layer"] = result.cause.layer == shard::Layer::kUnknown ? Json() : Json(name_of(result.cause.layer));
  json["cause"] = result.cause.sentence;
  json["remedies"] = remedies_as_json(result.cause.remedies);
  return json;
}

Json way_as_json(const run::WayToShard& way) {
  return {{"way", name_in(kPrivilegeModes, way.privilege_mode)},
          {"taken", way.skipped.empty()},
          {"why_not", way.skipped.empty() ? Json() : Json(way.skipped)}};
}

Json extra_as_json(const run::Extra& extra) {
  return {{"extra", extra.key},
          {"what", extra.what},
          {"works", extra.works},
          {"said", extra.said},
          {"remedies", remedies_as_json(extra.remedies)}};
}

}  // namespace

std::string diagnosis_as_json(const run::Diagnosis& diagnosis, int exit_status) {
  Json json = {{"version", 1},
               {"nslaunch", version()},
               {"verdict", name_in(kVerdicts, diagnosis.verdict())},
               {"exit_status", exit_status},
               {"place", shard::key_of(diagnosis.machine.place)},
               {"kernel", diagnosis.machine.kernel},
               {"root", diagnosis.machine.is_root},
               {"isolation", diagnosis.shard.isolation},
               {"missing", diagnosis.missing()}};
  for (const auto& way : diagnosis.ways) json["ways"].push_back(way_as_json(way));
  for (const auto& result : diagnosis.shard.steps) json["steps"].push_back(step_as_json(result));
  for (const auto& extra : diagnosis.extras) json["extras"].push_back(extra_as_json(extra));
  return run::json_text(json);
}

}  // namespace nslaunch::cli
