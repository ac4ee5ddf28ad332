#include <unistd.h>

#include "run/report/fleet_json.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/fleet_results.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/files.hpp"
#include "sys/files/directory.hpp"

namespace nslaunch::test {
namespace {

using Json = nlohmann::json;

const Warn kNoWarning = [](std::string_view text) { FAIL(std::string(text)); };

/// Lets an attempt end whose directory for artifacts this is (-1: it has none).
void end_attempt(const FleetSpec& spec, const PartResult& part, int directory, const Warn& warn) {
  run::ResultFiles files;
  files.fleet_started({.spec = spec});
  const RunningAttempt running{.part = part, .id = {}, .began = {}};
  files.attempt_ended({.running = running,
                       .part = part,
                       .attempt = part.attempts.back(),
                       .output_problem = {},
                       .directory = directory,
                       .warn = warn});
}

}  // namespace

TEST_CASE("the report of several shards says how each attempt at each part ended") {
  auto killed = attempt_with(Status::kKilled, 139);
  killed.outcome.term_signal = 11;
  killed.outcome.usage = Usage{.user = std::chrono::microseconds(5), .peak_memory = 6};
  killed.output_bytes = 12;
  killed.directory = "/artifacts/shard-1";
  killed.hint = "a hint";
  auto result = result_with({part_with(1, {killed, attempt_with(Status::kPass)}), part_with(2, {})});
  result.parts[0].status = Status::kFlaky;
  result.end = FleetEnd::kFailFast;
  const auto json = Json::parse(run::fleet_as_json(result, {}));
  CHECK(json.at("version") == 1);
  CHECK(json.at("run_id") == "89abcdef");
  CHECK(json.at("started_at") == 1'700'000'000.0);
  CHECK(json.at("wall_us") == 3'000'000);
  CHECK(json.at("end") == "fail-fast");
  CHECK(json.at("nslaunch_status") == 1);
  CHECK(json.at("counts").at("FLAKY") == 1);
  CHECK(json.at("counts").at("CANCELLED") == 1);
  CHECK(json.at("counts").at("PASS") == 0);
  const auto& part = json.at("parts").at(0);
  CHECK(part.at("index") == 1);
  CHECK(part.at("total") == 4);
  CHECK(part.at("name") == "shard-1");
  CHECK(part.at("repetition") == 1);
  CHECK(part.at("status") == "FLAKY");
  CHECK(part.at("command") == Json({"npm", "test"}));
  const auto& attempt = part.at("attempts").at(0);
  CHECK(attempt.at("id") == "0123abcd");
  CHECK(attempt.at("status") == "KILLED");
  CHECK(attempt.at("started_at") == 1'700'000'000.123);
  CHECK(attempt.at("exit").at("signal") == 11);
  CHECK(attempt.at("cpu").at("user_us") == 5);
  CHECK(attempt.at("peak_memory_bytes") == 6);
  CHECK(attempt.at("output_bytes") == 12);
  CHECK(attempt.at("folder") == "/artifacts/shard-1");
  CHECK(attempt.at("hint") == "a hint");
  CHECK(json.at("parts").at(1).at("attempts").empty());
}

TEST_CASE("leaks that nobody knows of are null, and those that were told of are kept") {
  auto unknown = attempt_with(Status::kLeak);
  unknown.outcome.leaks_unknown = true;
  auto told = unknown;
  told.outcome.leaks.emplace_back().pid = 7;
  told.outcome.leak_count = 1;
  const auto json = Json::parse(run::fleet_as_json(result_with({part_with(1, {unknown, told})}), {}));
  const auto& attempts = json.at("parts").at(0).at("attempts");
  CHECK(attempts.at(0).at("leaks").is_null());
  CHECK(attempts.at(0).at("leak_count").is_null());
  CHECK(attempts.at(1).at("leaks").at(0).at("pid") == 7);
  CHECK(attempts.at(1).at("leak_count").is_null());
}

TEST_CASE("of an attempt that nslaunch could not run there is the error and no outcome") {
  auto lost = attempt_with(Status::kError, 125);
  lost.error = "no room \xff";
  const auto json = Json::parse(run::fleet_as_json(result_with({part_with(1, {lost})}), {}));
  CHECK(json.at("nslaunch_status") == 125);
  const auto& attempt = json.at("parts").at(0).at("attempts").at(0);
  CHECK(attempt.at("error") == "no room \xef\xbf\xbd");
  CHECK_FALSE(attempt.contains("exit"));
}

TEST_CASE("each attempt's artifacts directory gets its result") {
  const TempDir directory;
  auto attempt = attempt_with(Status::kFail, 3);
  attempt.directory = directory.path();
  const auto opened = sys::Directory::open(directory.path());
  FleetSpec spec;
  spec.run_id = "89abcdef";
  const auto part = part_with(2, {attempt_with(Status::kFail, 1), attempt});
  end_attempt(spec, part, opened.fd(), kNoWarning);
  const auto json = Json::parse(sys::read_file((directory / "result.json").c_str()).value_or(""));
  CHECK(json.at("run_id") == "89abcdef");
  CHECK(json.at("index") == 2);
  CHECK(json.at("attempt") == 2);
  CHECK(json.at("command") == Json({"npm", "test"}));
  CHECK(json.at("exit").at("status") == 3);
}

TEST_CASE("a result is not written through a link that a command of another user has left") {
  const TempDir directory;
  std::filesystem::create_symlink("victim", directory / "result.json");
  auto attempt = attempt_with(Status::kPass);
  attempt.directory = directory.path();
  const auto opened = sys::Directory::open(directory.path());
  FleetSpec spec;
  spec.shard.user = UserIds{.uid = ::getuid(), .gid = ::getgid(), .groups = {}};
  end_attempt(spec, part_with(1, {attempt}), opened.fd(), kNoWarning);
  CHECK_FALSE(std::filesystem::exists(directory / "victim"));
  CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(directory / "result.json")));
}

TEST_CASE("a result that can't be written is a warning, but for a shard that never had its directory") {
  const TempDir directory;
  std::string warned;
  const auto warn = [&](std::string_view text) { warned = text; };
  auto attempt = attempt_with(Status::kError, 125);
  attempt.directory = directory / "gone";
  end_attempt({}, part_with(1, {attempt}), -1, warn);
  CHECK(warned.empty());
  const auto gone = sys::Directory::open_or_make(directory / "gone", 0700);
  std::filesystem::remove(directory / "gone");
  end_attempt({}, part_with(1, {attempt}), gone.fd(), warn);
  CHECK_THAT(warned, Catch::Contains("its result is not kept") && Catch::Contains("No such file"));
}

}  // namespace nslaunch::test
