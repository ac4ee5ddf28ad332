#include "cli/merge/merge_json.hpp"

#include <nslaunch/engine.hpp>
#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "cli/merge/merge_parts.hpp"
#include "run/report/json.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

/// Our own reports are never nearly as deep; a deeper one could not be written again.
constexpr int kDeepest = 100;
constexpr std::uint64_t kLastRepetition = 1'000'000;
constexpr std::uint64_t kHighestStatus = 255;
/// For counts and microseconds: small enough that no sum overflows.
constexpr std::uint64_t kMost = 100'000'000'000'000'000;

Json parse_report(const std::string& text) {
  return Json::parse(text, [](int depth, Json::parse_event_t, const Json&) {
    if (depth > kDeepest) throw Error({}, "it is nested too deeply");
    return true;
  });
}

std::uint64_t number(const Json& json, const char* key, std::uint64_t most) {
  const auto& value = json.at(key);
  const bool is_number =
      value.is_number_unsigned() || (value.is_number_integer() && value.get<std::int64_t>() >= 0);
  if (!is_number || value.get<std::uint64_t>() > most)
    throw Error({}, fmt::format("'{}' is no number from 0 to {}", key, most));
  return value.get<std::uint64_t>();
}

std::uint64_t time_of_run(const Json& single) {
  std::uint64_t time = 0;
  for (const auto* key : {"setup_us", "duration_us", "held_us", "teardown_us"})
    time += single.contains(key) ? number(single, key, kMost) : 0;
  return time;
}

/// The command's own status may be any number; nslaunch's verdict is in "status".
std::uint64_t status_among_several(const Json& single) {
  const auto word = single.at("status").get<std::string>();
  const auto status = number(single, "nslaunch_status", kHighestStatus);
  if (word != "FAIL" && word != "KILLED") return status;
  return single.at("error").is_null() ? kSomeFailed : status;
}

/// Converts the report of one shard to that of a run of several.
Json as_fleet(const Json& single) {
  Json part = {{"index", single.at("index")},   {"total", single.at("total")},
               {"name", single.at("name")},     {"repetition", 1},
               {"status", single.at("status")}, {"command", single.at("command")}};
  Json attempt = single;
  for (const auto* key : {"version", "name", "index", "total", "command"}) attempt.erase(key);
  attempt["started"] = single.at("error").is_null();
  part["attempts"] = Json::array({attempt});
  return {{"version", kVersion},
          {"run_id", single.at("id")},
          {"started_at", single.at("started_at")},
          {"wall_us", time_of_run(single)},
          {"end", "complete"},
          {"nslaunch_status", status_among_several(single)},
          {"counts", {{single.at("status").get<std::string>(), 1}}},
          {"parts", Json::array({part})}};
}

/// Throws if a value is missing or invalid.
void check_fleet_report(const Json& fleet) {
  constexpr double kLatestStart = 1e11;  // in seconds, to be converted to microseconds
  for (const auto* key : {"run_id", "end"}) static_cast<void>(fleet.at(key));
  const auto started_at = fleet.at("started_at").get<double>();
  if (!(started_at >= 0 && started_at <= kLatestStart)) throw Error({}, "'started_at' is no time");
  number(fleet, "wall_us", kMost);
  number(fleet, "nslaunch_status", kHighestStatus);
  if (!fleet.at("counts").is_object()) throw Error({}, "'counts' has no names");
  for (const auto& [status, count] : fleet.at("counts").items())
    number(fleet.at("counts"), status.c_str(), kMost);
  for (const auto& part : fleet.at("parts")) {
    const auto index = number(part, "index", kMostParts);
    const auto total = number(part, "total", kMostParts);
    if (number(part, "repetition", kLastRepetition) == 0 || index == 0 || index > total)
      throw Error({}, fmt::format("it has a part {} of {}", index, total));
  }
}

Json read_fleet_report(const ReadReport& report) {
  try {
    auto json = parse_report(report.text);
    if (json.at("version") != kVersion) throw Error({}, "its version is not 1");
    auto fleet = json.contains("parts") ? std::move(json) : as_fleet(json);
    check_fleet_report(fleet);
    return fleet;
  } catch (const std::exception& error) {
    throw Error({}, fmt::format("{} is no report of nslaunch run --report-json: {}", sys::escape(report.path),
                                sys::escape(error.what())));
  }
}

/// In the order of one run of several shards: 125, then 124, 1 (126 or 127 if there is no other), 123.
int worst_status(const std::vector<Json>& fleets, bool complete) {
  const auto rank = [](int status) {
    return status == kOwnFailure ? 4 : status == kTimedOut ? 3 : status == kLeaked ? 1 : status == 0 ? 0 : 2;
  };
  int worst = complete ? 0 : kSomeFailed;
  for (const auto& fleet : fleets) {
    const auto status = fleet.at("nslaunch_status").get<int>();
    if (rank(status) < rank(worst)) continue;
    const bool differ = rank(status) == 2 && rank(worst) == 2 && status != worst;
    worst = differ || (rank(status) == 2 && status != kNotExecutable && status != kNotFound) ? kSomeFailed
                                                                                             : status;
  }
  // The status says that no command could be executed only if none was.
  const bool others_ran = std::any_of(fleets.begin(), fleets.end(), [&](const Json& fleet) {
    return fleet.at("nslaunch_status").get<int>() != worst;
  });
  return rank(worst) == 2 && others_ran ? kSomeFailed : worst;
}

/// From the first start to the last end.
void add_times(Json& merged, const std::vector<Json>& fleets) {
  constexpr double kMicroseconds = 1e6;
  double begin = fleets.front().at("started_at").get<double>();
  double end = 0;
  for (const auto& fleet : fleets) {
    const auto started_at = fleet.at("started_at").get<double>();
    begin = std::min(begin, started_at);
    end = std::max(end, started_at + fleet.at("wall_us").get<double>() / kMicroseconds);
  }
  merged["started_at"] = begin;
  merged["wall_us"] = static_cast<std::int64_t>((end - begin) * kMicroseconds);
}

Json sum_of_counts(const std::vector<Json>& fleets) {
  Json sum = Json::object();
  for (const auto* status :
       {"ERROR", "TIMEOUT", "KILLED", "FAIL", "CANCELLED", "FLAKY", "LEAK", "SLOW", "PASS"}) {
    std::size_t count = 0;
    for (const auto& fleet : fleets) count += fleet.at("counts").value(status, std::size_t{0});
    sum[status] = count;
  }
  return sum;
}

Json sources_of(const std::vector<Json>& fleets, const std::vector<ReadReport>& reports) {
  Json sources = Json::array();
  for (std::size_t index = 0; index < fleets.size(); ++index) {
    Json source = {{"file", reports[index].path}};
    for (const auto* key : {"run_id", "started_at", "wall_us", "end", "nslaunch_status"})
      source[key] = fleets[index].at(key);
    sources.push_back(std::move(source));
  }
  return sources;
}

Json parts_in_order(const std::vector<Json>& fleets) {
  std::vector<Json> parts;
  for (const auto& fleet : fleets)
    parts.insert(parts.end(), fleet.at("parts").begin(), fleet.at("parts").end());
  const auto place = [](const Json& part) {
    return std::tuple(part.at("repetition").get<unsigned>(), part.at("index").get<unsigned>());
  };
  std::stable_sort(parts.begin(), parts.end(),
                   [&](const Json& one, const Json& other) { return place(one) < place(other); });
  return parts;
}

Json first_that_differs(const std::vector<Json>& fleets, const char* key, const Json& usual) {
  const auto found =
      std::find_if(fleets.begin(), fleets.end(), [&](const Json& fleet) { return fleet.at(key) != usual; });
  return found == fleets.end() ? usual : found->at(key);
}

PartsSeen parts_seen(const std::vector<Json>& fleets, const std::vector<ReadReport>& reports) {
  PartsSeen seen;
  for (std::size_t index = 0; index < fleets.size(); ++index) {
    for (const auto& part : fleets[index].at("parts")) {
      seen.add({part.at("index").get<unsigned>(), part.at("total").get<unsigned>(),
                part.at("repetition").get<unsigned>()},
               reports[index].path);
    }
  }
  return seen;
}

}  // namespace

MergedJson merge_json(const std::vector<ReadReport>& reports) {
  std::vector<Json> fleets;
  for (const auto& report : reports) fleets.push_back(read_fleet_report(report));
  const auto seen = parts_seen(fleets, reports);
  const auto missing = seen.missing();
  const auto run_id = fleets.front().at("run_id");
  Json merged = {{"version", kVersion},
                 {"run_id", first_that_differs(fleets, "run_id", run_id) == run_id ? run_id : Json()}};
  add_times(merged, fleets);
  merged["end"] = first_that_differs(fleets, "end", "complete");
  merged["nslaunch_status"] = worst_status(fleets, missing.empty());
  merged["counts"] = sum_of_counts(fleets);
  merged["missing"] = missing;
  merged["merged_from"] = sources_of(fleets, reports);
  merged["parts"] = parts_in_order(fleets);
  return {run::json_text(merged), seen.problems()};
}

}  // namespace nslaunch::cli
