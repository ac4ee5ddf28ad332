#include "run/report/fleet_json.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "run/report/json.hpp"
#include "shard/plan/users_directory.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::run {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

double in_seconds(std::int64_t milliseconds) {
  return static_cast<double>(milliseconds) / 1000;
}

const char* end_as_word(FleetEnd end) {
  constexpr std::array kWords = {"complete",    "fail-fast",  "until-fail", "total-timeout",
                                 "interrupted", "terminated", "ancestor"};
  return kWords.at(static_cast<std::size_t>(end));
}

/// The keys that identify the part.
Json part_identity(const PartResult& part) {
  return {{"index", part.part.index},
          {"total", part.part.total},
          {"name", part.part.name},
          {"repetition", part.repetition}};
}

void add_attempt(Json& json, const Attempt& attempt) {
  json["id"] = attempt.id;
  json["started_at"] = in_seconds(attempt.started_at);
  json["status"] = to_string(attempt.status);
  json["started"] = attempt.started;
  json["nslaunch_status"] = attempt.exit_status;
  json["error"] = attempt.error.empty() ? Json() : Json(attempt.error);
  json["hint"] = attempt.hint.empty() ? Json() : Json(attempt.hint);
  json["output_bytes"] = attempt.output_bytes;
  json["folder"] = attempt.directory.empty() ? Json() : Json(attempt.directory);
  if (attempt.started && attempt.error.empty()) add_outcome(json, attempt.outcome);
}

Json part_as_json(const PartResult& part) {
  Json json = part_identity(part);
  json["status"] = to_string(part.status);
  json["command"] = part.command;
  json["attempts"] = Json::array();
  for (const auto& attempt : part.attempts) {
    json["attempts"].emplace_back();
    add_attempt(json["attempts"].back(), attempt);
  }
  return json;
}

Json counts_as_json(const FleetResult& result) {
  Json counts = Json::object();
  for (int status = 0; status <= static_cast<int>(Status::kPass); ++status)
    counts[to_string(static_cast<Status>(status))] = 0;
  for (const auto& part : result.parts) {
    auto& count = counts[to_string(part.status)];
    count = count.get<std::size_t>() + 1;
  }
  auto& passed = counts[to_string(Status::kPass)];
  passed = passed.get<std::size_t>() + result.passed_before;
  return counts;
}

/// What the command's user may read: no root process that blocks the teardown, no paths only root can see.
Attempt for_user(Attempt attempt) {
  attempt.outcome.teardown_blocker.clear();
  if (attempt.status == Status::kError) attempt.error = "the shard could not be made, or was lost";
  return attempt;
}

std::string attempt_as_json(const PartResult& part, const Attempt& attempt, const std::string& run_id) {
  Json json = {{"version", kVersion}, {"run_id", run_id}};
  json.update(part_identity(part));
  json["attempt"] = part.attempts.size();
  json["command"] = part.command;
  add_attempt(json, attempt);
  return json_text(json);
}

}  // namespace

std::string fleet_as_json(const FleetResult& result, const FleetSpec& spec) {
  Json json = {{"version", kVersion},
               {"run_id", result.run_id},
               {"started_at", in_seconds(result.started_at)},
               {"wall_us", std::chrono::microseconds(result.wall).count()},
               {"end", end_as_word(result.end)},
               {"nslaunch_status", exit_status(result, spec)},
               {"counts", counts_as_json(result)},
               {"parts", Json::array()}};
  for (const auto& part : result.parts) json["parts"].push_back(part_as_json(part));
  return json_text(json);
}

JsonReport::JsonReport(const FleetSpec& spec, const std::string& path)
    : spec_(spec), file_(path, "--report-json") {}

void JsonReport::fleet_ended(const FleetEnded& event) {
  file_.write(fleet_as_json(event.result, spec_), event.warn);
}

void ResultFiles::attempt_ended(const AttemptEnded& event) {
  if (event.directory < 0) return;
  try {
    const int copy = ::fcntl(event.directory, F_DUPFD_CLOEXEC, 0);
    const sys::Directory directory(sys::Fd(sys::check(copy, "keeping an artifacts directory")));
    const auto file = shard::make_result(spec_->shard, directory, "result.json");
    const bool is_anothers = other_user(spec_->shard) != nullptr;
    const auto& shown = is_anothers ? for_user(event.attempt) : event.attempt;
    const int error = sys::write_all(file.get(), attempt_as_json(event.part, shown, spec_->run_id));
    if (error != 0) throw Error(sys::errno_code(error), "writing result.json");
  } catch (const Error& error) {
    event.warn(fmt::format("its result is not kept: {}", error.what()));
  }
}

}  // namespace nslaunch::run
