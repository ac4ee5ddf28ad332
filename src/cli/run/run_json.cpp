#include "cli/run/run_json.hpp"

#include <nslaunch/exit_codes.hpp>

#include <nlohmann/json.hpp>

#include "run/report/json.hpp"

namespace nslaunch::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Derived from a failed launch alone: whether it is nslaunch's own failure.
Status status_of_failure(const Attempt& attempt) {
  return attempt.exit_status == kOwnFailure ? Status::kError : Status::kFail;
}

}  // namespace

std::string run_as_json(const ShardSpec& spec, const Attempt& attempt) {
  Json json = {{"version", 1},
               {"id", spec.id},
               {"name", spec.name.empty() ? spec.id : spec.name},
               {"index", spec.shard_index},
               {"total", spec.shard_total},
               {"command", spec.command},
               {"started_at", attempt.started_at / 1000},
               {"nslaunch_status", attempt.exit_status}};
  if (!attempt.started) {
    json["status"] = to_string(status_of_failure(attempt));
    json["error"] = attempt.error;
    return run::json_text(json);
  }
  json["status"] = to_string(attempt.status);
  json["error"] = nullptr;
  run::add_outcome(json, attempt.outcome);
  return run::json_text(json);
}

RunJson::RunJson(const ShardSpec& spec, const std::string& path)
    : spec_(spec), file_(path, "--report-json") {}

void RunJson::fleet_ended(const FleetEnded& event) {
  file_.write(run_as_json(spec_, event.result.parts.front().attempts.back()), event.warn);
}

}  // namespace nslaunch::cli
