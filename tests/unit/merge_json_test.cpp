#include "cli/merge/merge_json.hpp"

#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/run/run_json.hpp"
#include "run/report/fleet_json.hpp"
#include "support/fleet_results.hpp"

namespace nslaunch::test {
namespace {

using Json = nlohmann::json;

/// The report of a machine that ran these parts.
cli::ReadReport of_fleet(const std::string& path, std::vector<PartResult> parts) {
  return {path, run::fleet_as_json(result_with(std::move(parts)), {})};
}

/// The report of `nslaunch run --shard index/4`.
cli::ReadReport of_shard(const std::string& path, unsigned index, int exit_status) {
  ShardSpec spec;
  spec.command = {"npm", "test"};
  spec.id = "0000000" + std::to_string(index);
  spec.shard_index = index;
  spec.shard_total = 4;
  auto attempt = attempt_with(exit_status == 0 ? Status::kPass : Status::kFail, exit_status);
  attempt.started_at = 1'700'000'010'000;
  return {path, cli::run_as_json(spec, attempt)};
}

PartResult passed(unsigned index) {
  return part_with(index, {attempt_with(Status::kPass)});
}

}  // namespace

TEST_CASE("reports of runs of one shard and of several are joined, in the order of the parts") {
  const auto merged =
      cli::merge_json({of_shard("c", 4, 3), of_fleet("a", {passed(1), passed(3)}), of_shard("b", 2, 0)});
  CHECK(merged.problems.empty());
  const auto json = Json::parse(merged.text);
  CHECK(json.at("run_id").is_null());
  CHECK(json.at("started_at") == 1'700'000'000.0);
  CHECK(json.at("nslaunch_status") == 1);
  CHECK(json.at("counts").at("PASS") == 3);
  CHECK(json.at("counts").at("FAIL") == 1);
  CHECK(json.at("missing").empty());
  CHECK(json.at("merged_from").at(1).at("file") == "a");
  std::vector<unsigned> order;
  for (const auto& part : json.at("parts")) order.push_back(part.at("index").get<unsigned>());
  CHECK(order == std::vector<unsigned>{1, 2, 3, 4});
  const auto& attempt = json.at("parts").at(3).at("attempts").at(0);
  CHECK(attempt.at("id") == "00000004");
  CHECK(attempt.at("exit").at("status") == 3);
}

TEST_CASE("what has been joined can be joined again") {
  const auto some = cli::merge_json({of_shard("1", 1, 0), of_shard("2", 2, 0)});
  const auto all = cli::merge_json({{"some", some.text}, of_shard("3", 3, 0), of_shard("4", 4, 0)});
  CHECK(all.problems.empty());
  CHECK(Json::parse(all.text).at("parts").size() == 4);
}

TEST_CASE("a part that never reported is a problem, and the joined status is no success") {
  const auto merged = cli::merge_json({of_shard("1", 1, 0), of_shard("3", 3, 0)});
  REQUIRE(merged.problems.size() == 1);
  CHECK(merged.problems[0] == "2 of 4 parts never reported: 2, 4");
  CHECK(Json::parse(merged.text).at("missing") == Json({2, 4}));
  CHECK(Json::parse(merged.text).at("nslaunch_status") == 1);
}

TEST_CASE("totals that contradict each other and a part that was reported twice are problems") {
  auto other = passed(1);
  other.part.total = 1;
  const auto differing =
      cli::merge_json({of_fleet("a", {passed(1), passed(2), passed(3), passed(4)}), of_fleet("b", {other})});
  REQUIRE(differing.problems.size() == 2);
  CHECK(differing.problems[0] == "b is of 1 parts, a of 4: they are not of one suite");
  CHECK(differing.problems[1] == "part 1 was reported more than once: by a and b");
}

TEST_CASE("the joined status is the worst: 125, then 124, 1 and 123") {
  const auto status_of = [](std::initializer_list<int> statuses) {
    std::vector<cli::ReadReport> reports;
    unsigned index = 0;
    for (const int status : statuses) {
      auto json = Json::parse(of_fleet("f", {passed(++index)}).text);
      json["nslaunch_status"] = status;
      json["parts"][0]["total"] = statuses.size();
      reports.push_back({"f", json.dump()});
    }
    return Json::parse(cli::merge_json(reports).text).at("nslaunch_status").get<int>();
  };
  CHECK(status_of({0, 0}) == 0);
  CHECK(status_of({0, 123}) == 123);
  CHECK(status_of({123, 1, 0}) == 1);
  CHECK(status_of({1, 124, 123}) == 124);
  CHECK(status_of({124, 125, 1}) == 125);
  CHECK(status_of({125, 124}) == 125);
  CHECK(status_of({127, 127}) == 127);
  CHECK(status_of({127, 0, 127}) == 1);  // one of the commands could be executed
  CHECK(status_of({127, 126}) == 1);
  CHECK(status_of({130, 0}) == 1);
}

TEST_CASE("what is no report is an error that names it") {
  for (const char* text :
       {"", "[]", "{}", R"({"version":2})", R"({"version":1,"parts":[]})", "\xff\x01",
        R"({"version":1,"run_id":"a","started_at":0,"wall_us":0,"end":"complete","nslaunch_status":0,)"
        R"("counts":{},"parts":[{"index":5,"total":4,"repetition":1}]})"}) {
    INFO(text);
    CHECK_THROWS_WITH(cli::merge_json({{"odd", text}}), Catch::Contains("odd is no report"));
  }
}

TEST_CASE("a report with numbers that no run has is refused as a whole") {
  const auto with = [](const char* key, Json value) {
    auto json = Json::parse(of_fleet("f", {passed(1)}).text);
    json[key] = std::move(value);
    return json.dump();
  };
  for (const auto& text : {with("nslaunch_status", 4'294'967'296), with("nslaunch_status", 256),
                           with("nslaunch_status", 0.0), with("started_at", 1e300), with("started_at", -1),
                           with("wall_us", 1e300), with("counts", nullptr), with("counts", {{"PASS", -1}}),
                           with("parts", {{{"index", 1}, {"total", 1}, {"repetition", 4'294'967'297}}})}) {
    INFO(text);
    CHECK_THROWS_WITH(cli::merge_json({{"odd", text}}), Catch::Contains("odd is no report"));
  }
  auto single = Json::parse(of_shard("f", 1, 0).text);
  single["setup_us"] = single["duration_us"] = 9'000'000'000'000'000'000;
  CHECK_THROWS_WITH(cli::merge_json({{"odd", single.dump()}}), Catch::Contains("odd is no report"));
}

TEST_CASE("a report that is nested without end is refused") {
  auto text = of_fleet("f", {passed(1)}).text;
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  text.insert(text.find("\"parts\""), "\"deep\":" + deep + ",");
  CHECK_THROWS_WITH(cli::merge_json({{"odd", text}}), Catch::Contains("odd is no report"));
  text = of_fleet("f", {passed(1)}).text;
  text.insert(text.find("\"index\""), "\"deep\":" + deep + ",");
  CHECK_THROWS_WITH(cli::merge_json({{"odd", text}}), Catch::Contains("nested too deeply"));
}

}  // namespace nslaunch::test
