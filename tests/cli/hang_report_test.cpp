#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/identity.hpp"
#include "support/live_shard.hpp"
#include "support/skip.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Json = nlohmann::json;

Words lines_of(const std::string& text) {
  Words lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) lines.push_back(line);
  return lines;
}

/// The first line that holds this, or nothing.
std::string line_with(const std::string& text, const std::string& part) {
  for (const auto& line : lines_of(text)) {
    if (line.find(part) != std::string::npos) return line;
  }
  return {};
}

std::string processes_of(const std::string& report) {
  return report.substr(std::min(report.find("\nprocesses\n"), report.size()));
}

/// Commands that hang, with a directory for what is found of them. They are looked at once they say nothing
/// more, so that they are up by then.
struct Hanging {
  RegistryView registry;
  TempDir directory;
  std::string artifacts = directory / "artifacts";

  Result run_with(Words options, const std::string& script) const {
    options.insert(options.end(), {"--", "bash", "-c", script});
    return run(nslaunch(std::move(options)), registry.options());
  }
  Result fall_silent(Words options, const std::string& script) const {
    options.insert(options.begin(), {"--silence", "3s", "--leaks", "ignore"});
    return run_with(std::move(options), script);
  }
  /// The one report there is.
  std::string report() const {
    std::string found;
    for (const auto& entry : std::filesystem::directory_iterator(artifacts)) {
      if (!entry.path().filename().string().starts_with("autopsy-")) continue;
      CHECK(found.empty());
      found = sys::read_file(entry.path().c_str(), 16 << 20).value_or("");
    }
    return found;
  }
};

bool sees_kernel_stacks() {
  return sys::read_file("/proc/self/stack").value_or("").find("+0x") != std::string::npos;
}

const std::string kServer = probe_binary() + " serve 127.0.0.1 9926";

}  // namespace

TEST_CASE("a hang report names the processes with state and wait channel, and the server with its port") {
  const Hanging hanging;
  const auto result = hanging.fall_silent({"--artifacts", hanging.artifacts, "--name", "hung"},
                                          "sh -c 'kill -STOP $$' & " + kServer + " < <(exec sleep 1000); :");
  INFO(result.err);
  CHECK(result.status == 124);
  CHECK(result.out == "up\n");
  const auto report = hanging.report();
  INFO(report);
  CHECK_THAT(report, Contains("(hung)\n") && Contains("because  the command wrote nothing for 3.0s\n"));
  const auto processes = processes_of(report);
  CHECK_THAT(line_with(processes, "  bash -c"), Contains(" sleeping ") && Contains(" do_wait "));
  CHECK_THAT(line_with(processes, "sh -c kill -STOP"), Contains(" stopped "));
  const auto server = line_with(processes, "  " + kServer);
  CHECK_THAT(server, Contains("pipe_read"));
  std::string pid;
  std::istringstream(server) >> pid;
  CHECK_THAT(line_with(report, "127.0.0.1:9926"),
             Contains(" listens ") && Contains(" " + pid + " ") && Contains("0/5"));
  if (sees_kernel_stacks()) CHECK_THAT(processes, Contains(" in do_wait < "));
}

TEST_CASE("a hang report is shortened on stderr, and whole in the directory that --artifacts names") {
  const Hanging hanging;
  const auto script = "for i in {1..40}; do sleep 1000 & done; echo up; wait";
  const auto result = hanging.fall_silent({"--artifacts", hanging.artifacts}, script);
  CHECK(result.status == 124);
  const auto lines = lines_of(result.err);
  for (const auto& line : lines) CHECK(line.starts_with("nslaunch: "));
  CHECK(lines.size() < 40);
  CHECK(lines.front() == "nslaunch: the command wrote nothing for 3.0s:");
  CHECK_FALSE(line_with(result.err, "bash -c").empty());
  CHECK_THAT(line_with(result.err, "the whole hang report is in"), Contains(hanging.artifacts + "/autopsy-"));
  CHECK(lines.back() == "nslaunch: sending the command SIGTERM, and SIGKILL in 4.0s");
  std::size_t sleepers = 0;
  for (const auto& line : lines_of(hanging.report())) sleepers += line.ends_with("sleep 1000") ? 1U : 0U;
  CHECK(sleepers == 40);
}

TEST_CASE("without --artifacts a hang report is on stderr alone, and no file is left") {
  const Hanging hanging;
  const auto result =
      hanging.run_with({"--timeout", "500ms"}, "test -z \"$NSLAUNCH_ARTIFACTS\" || echo set; wait");
  const auto quiet = hanging.run_with({"--timeout", "500ms"}, "sleep 1000");
  INFO(quiet.err);
  CHECK(result.out.empty());
  CHECK(quiet.status == 124);
  CHECK_THAT(quiet.err, Contains("the command ran longer than 500ms:\n") && Contains("sleep 1000"));
  CHECK(std::filesystem::is_empty(hanging.directory.path()));
}

TEST_CASE("a dump signal comes before SIGTERM, to whatever handles it, and ends nothing that does not") {
  const Hanging hanging;
  const auto result = hanging.fall_silent(
      {"--dump-signal", "usr2", "--dump-grace", "1s", "--grace", "1h"},
      "setsid sleep 1000 & sleeper=$!; "
      "setsid bash -c 'trap \"echo apart\" USR2; echo up; sleep 1000 & while :; do wait; done' & "
      "trap 'echo dump' USR2; trap 'kill -0 $sleeper && echo term; exit 0' TERM; while :; do wait; done");
  INFO(result.err << result.out);
  CHECK(result.status == 124);
  CHECK_THAT(result.err, Contains("sent SIGUSR2 to 2 processes that handle it, and wait 1.0s"));
  CHECK_THAT(result.out, Contains("apart\n"));
  const auto dump = result.out.find("dump\n");
  CHECK(dump != std::string::npos);
  CHECK(result.out.find("term\n") != std::string::npos);
  CHECK(dump < result.out.find("term\n"));
}

TEST_CASE("a dump signal that nobody handles is not sent, and nobody is waited for") {
  const Hanging hanging;
  const auto result = hanging.run_with({"--timeout", "300ms", "--dump-signal", "USR2", "--dump-grace", "1h"},
                                       "exec sleep 1000");
  INFO(result.err);
  CHECK(result.status == 124);
  CHECK_THAT(result.err, Contains("no process of the shard handles SIGUSR2: it is not sent"));
}

TEST_CASE("a command that ends by its dump signal has run into its limit all the same") {
  const Hanging hanging;
  const auto result =
      hanging.fall_silent({"--dump-signal", "QUIT", "--dump-grace", "1h"},
                          "trap 'echo dumped; exit 3' QUIT; echo up; sleep 1000 & while :; do wait; done");
  INFO(result.err);
  CHECK(result.status == 124);
  CHECK(result.out == "up\ndumped\n");
}

TEST_CASE("node's report on a signal lies in the artifacts of a command that hangs") {
  if (run({"node", "--version"}).status != 0) SKIP_TEST("there is no node here");
  const Hanging hanging;
  const auto result =
      hanging.fall_silent({"--artifacts", hanging.artifacts, "--dump-signal", "USR2", "--dump-grace", "3s"},
                          "exec node --report-on-signal --report-directory=$NSLAUNCH_ARTIFACTS -e "
                          "'console.log(\"up\"); setInterval(() => {}, 1000)'");
  INFO(result.err);
  CHECK(result.status == 124);
  std::size_t reports = 0;
  for (const auto& entry : std::filesystem::directory_iterator(hanging.artifacts)) {
    if (!entry.path().filename().string().starts_with("report.")) continue;
    ++reports;
    const auto report = Json::parse(std::ifstream(entry.path()));
    CHECK(report.at("header").at("event") == "SIGUSR2");
  }
  CHECK(reports == 1);
}

TEST_CASE("inspect --autopsy gives a hang report of a shard and changes nothing in it") {
  const RegistryView registry;
  LiveShard shard(registry, {"--name", "watched", "--leaks", "ignore"},
                  "setsid -f sh -c 'kill -STOP $$'; exec " + probe_binary() + " signals");
  const auto ask = [&] {
    return Json::parse(registry.ask({"inspect", "--json", shard.id}).out).at("processes");
  };
  const auto stopped = [&] { return ask().dump().find("\"state\":\"T\"") != std::string::npos; };
  REQUIRE(shard.launcher.read_line() == "ready");
  REQUIRE(eventually(stopped));
  const auto before = ask();
  const auto report = registry.ask({"inspect", "--autopsy", "watched"});
  INFO(report.out << report.err);
  CHECK(report.status == 0);
  CHECK(report.err.empty());
  CHECK_THAT(report.out,
             Contains(shard.id + " (watched)\n") && Contains("\nprocesses\n") && Contains("\nsockets\n"));
  CHECK_THAT(line_with(processes_of(report.out), "probe signals"), Contains(" sleeping "));
  const auto after = ask();
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    for (const auto* same : {"pid", "outer_pid", "command_line"})
      CHECK(after.at(i).at(same) == before.at(i).at(same));
  }
  CHECK(stopped());
  shard.launcher.send_signal(SIGUSR1);
  CHECK(shard.launcher.read_line() == "signal " + std::to_string(SIGUSR1));  // and none before
}

TEST_CASE("inspect --autopsy is for one live shard, and no JSON") {
  const RegistryView registry;
  const LiveShard shard(registry);
  CHECK(registry.ask({"inspect", "--autopsy"}).status == 125);
  CHECK(registry.ask({"inspect", "--autopsy", "nobody"}).status == 125);
  CHECK(registry.ask({"inspect", "--autopsy", "--json", shard.id}).status == 125);
}

TEST_CASE(
    "a hang report of a thousand threads and hundreds of processes is bounded, and says what is left out") {
  const RegistryView registry;
  LiveShard shard(registry, {"--leaks", "ignore"},
                  probe_binary() + " swarm 230 && exec " + probe_binary() + " threads 1000");
  REQUIRE(shard.launcher.read_line() == "up");
  REQUIRE(shard.launcher.read_line() == "up");
  const auto report = registry.ask({"inspect", "--autopsy", shard.id}).out;
  INFO(report);
  CHECK(report.size() < 200'000);
  CHECK_FALSE(line_with(report, "more processes").empty());
  CHECK_FALSE(line_with(report, "more threads").empty());
}

}  // namespace nslaunch::test
