#include "cli/run/run_json.hpp"

#include <nslaunch/exit_codes.hpp>

#include <nlohmann/json.hpp>

#include "run/part/status.hpp"
#include "run/report/json_text.hpp"
#include "run/report/outcome_json.hpp"

namespace nslaunch::cli {
namespace {

using Json = nlohmann::ordered_json;

Json request_as_json(const RunRequest& request, int status) {
  const auto& spec = request.spec;
  return {{"version", 1},
          {"id", spec.id},
          {"name", spec.name.empty() ? spec.id : spec.name},
          {"index", spec.shard_index},
          {"total", spec.shard_total},
          {"command", spec.command},
          {"started_at", request.started_at},
          {"nslaunch_status", status}};
}

}  // namespace

std::string outcome_as_json(const RunRequest& request, const Outcome& outcome, int status) {
  Json json = request_as_json(request, status);
  json["status"] = to_string(run::status_of(outcome, request.spec));
  json["error"] = nullptr;
  run::add_outcome(json, outcome);
  return run::json_text(json);
}

std::string failure_as_json(const RunRequest& request, const std::string& error, int status) {
  Json json = request_as_json(request, status);
  json["status"] = to_string(status == kOwnFailure ? Status::kError : Status::kFail);
  json["error"] = error;
  return run::json_text(json);
}

}  // namespace nslaunch::cli
