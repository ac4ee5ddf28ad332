#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "support/reported_run.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Json = nlohmann::json;

}  // namespace

TEST_CASE("the report of a command that passed has its identity, its times and what it used") {
  const ReportedRun run;
  const auto ended = run.of("echo $NSLAUNCH_ID", {"--name", "suite"});
  CHECK(ended.status == 0);
  CHECK(ended.err.empty());
  const auto report = run.report();
  CHECK(report.at("version") == 1);
  CHECK(report.at("id").get<std::string>() + "\n" == ended.out);
  CHECK(report.at("name") == "suite");
  CHECK(report.at("command") == Json({"bash", "-c", "echo $NSLAUNCH_ID"}));
  CHECK(report.at("started_at") > 1'700'000'000);
  CHECK(report.at("nslaunch_status") == 0);
  CHECK(report.at("error").is_null());
  CHECK_THAT(report.at("isolation").get<std::string>(), Contains("net,pid,mnt,ipc"));
  CHECK(report.at("exit") == Json({{"status", 0},
                                   {"signal", nullptr},
                                   {"cause", nullptr},
                                   {"grace_expired", false},
                                   {"hint", nullptr}}));
  for (const auto* time : {"setup_us", "duration_us", "teardown_us"}) CHECK(report.at(time) > 0);
  CHECK(report.at("held_us") == 0);
  CHECK(report.at("peak_memory_bytes") > 500'000);
  CHECK(report.at("out_of_memory") == false);
  CHECK(report.at("leaks") == Json::array());
  CHECK(report.at("leak_count") == 0);
  CHECK(report.at("killed_count") == 0);
  CHECK(report.at("all_gone") == true);
  CHECK(report.at("culprit").is_null());
  CHECK(run.files() == Words{"report.json"});
}

TEST_CASE(
    "the report tells how a command ended: its status, its signal, the time that ran out, who was told") {
  const ReportedRun run;
  CHECK(run.of("exit 77").status == 77);
  CHECK(run.report().at("exit").at("status") == 77);
  CHECK(run.report().at("nslaunch_status") == 77);

  CHECK(run.of("kill -USR2 $$").signal == SIGUSR2);
  CHECK(run.report().at("exit").at("status").is_null());
  CHECK(run.report().at("exit").at("signal") == SIGUSR2);
  CHECK(run.report().at("exit").at("cause").is_null());
  CHECK(run.report().at("nslaunch_status") == 128 + SIGUSR2);

  CHECK(run.of("trap '' TERM; while :; do sleep 0.01; done", {"--timeout=200ms", "--grace=100ms"}).status ==
        124);
  CHECK(run.report().at("exit").at("signal") == SIGKILL);
  CHECK(run.report().at("exit").at("cause") == "timeout");
  CHECK(run.report().at("exit").at("grace_expired") == true);
  CHECK(run.report().at("out_of_memory") == false);
  CHECK(run.report().at("nslaunch_status") == 124);

  Process launcher(run.words("echo up; exec sleep 1000"), run.options());
  REQUIRE(launcher.read_line() == "up");
  launcher.send_signal(SIGTERM);
  CHECK(launcher.wait().signal == SIGTERM);
  CHECK(run.report().at("exit").at("cause") == "terminated");
}

TEST_CASE("the report describes what a command left behind, and counts what was killed") {
  const ReportedRun run;
  const auto mark = unique_text();
  const auto ended = run.of("mkfifo /tmp/in; exec 4<>/tmp/in; exec 3< <(exec $PROBE serve 127.0.0.1 9926 " +
                                mark + " <&4 4>&-); read up <&3; $PROBE swarm 2",
                            {"--leaks=fail", "--leak-grace=10ms"});
  CHECK(ended.status == 123);
  const auto report = run.report();
  CHECK(report.at("nslaunch_status") == 123);
  CHECK(report.at("exit").at("status") == 0);
  CHECK(report.at("leak_count") == 3);
  CHECK(report.at("killed_count") == 3);
  REQUIRE(report.at("leaks").size() == 3);
  const auto& server = report.at("leaks").at(0);
  CHECK(server.at("pid") > 1);
  CHECK(server.at("parent_pid") == 1);
  CHECK(server.at("age_ms") >= 0);
  CHECK_THAT(server.at("command_line").get<std::string>(), Contains("serve 127.0.0.1 9926 " + mark));
  CHECK(server.at("listening") == Json({"127.0.0.1:9926"}));
}

TEST_CASE(
    "the report counts the CPU time and the memory of what was reaped and of what was killed at the end") {
  const ReportedRun run;
  const std::string use =
      "x=$(head -c 48M /dev/zero | tr '\\0' x); i=0; while ((i < 100000)); do i=$((i + 1)); done; "
      "read -ra s </proc/$BASHPID/stat; echo $((s[13] + s[14]))";
  const bool is_left = GENERATE(false, true);
  const auto ended =
      run.of(is_left ? "exec 3< <(" + use + "; sleep 1000 & wait); read t <&3; echo $t" : "(" + use + ")",
             {"--leaks=ignore", "--leak-grace=10ms"});
  REQUIRE(ended.status == 0);
  const auto report = run.report();
  const auto ticks = std::stoll(ended.out);
  REQUIRE(ticks > 0);
  const auto& cpu = report.at("cpu");
  CHECK(cpu.at("user_us").get<long long>() + cpu.at("system_us").get<long long>() >=
        (ticks - 1) * 1'000'000 / ::sysconf(_SC_CLK_TCK));
  CHECK(report.at("peak_memory_bytes") > 48 << 20);
  CHECK(report.at("killed_count") == (is_left ? 2 : 0));
}

TEST_CASE("a run in which nslaunch fails, or whose command can't be executed, has a report with the error") {
  const ReportedRun run;
  const auto with = run.options();
  const auto missing = test::run(nslaunch({"--report-json", run.path, "--", "no-such-command"}), with);
  CHECK(missing.status == 127);
  CHECK(run.report().at("nslaunch_status") == 127);
  CHECK(run.report().at("error") == "no-such-command: command not found");
  CHECK(run.report().at("id").get<std::string>().size() == 8);
  CHECK_FALSE(run.report().contains("exit"));

  CHECK(test::run(nslaunch({"--report-json", run.path, "--", "/etc/passwd"}), with).status == 126);
  CHECK(run.report().at("nslaunch_status") == 126);

  CHECK(run.of("echo ran", {"--workdir", "/no/such/directory"}).status == 125);
  CHECK(run.report().at("nslaunch_status") == 125);
  CHECK_THAT(run.report().at("error").get<std::string>(), Contains("/no/such/directory"));

  Process launcher(run.words("echo up; exec sleep 1000"), with);
  REQUIRE(launcher.read_line() == "up");
  ::kill(run.registry.shards().at(0).at("init_pid").get<pid_t>(), SIGKILL);
  CHECK(launcher.wait().status == 125);
  CHECK(run.report().at("nslaunch_status") == 125);
}

TEST_CASE("the report of a held shard tells for how long it was held, apart from the teardown") {
  const ReportedRun run;
  CHECK(run.of("exit 3", {"--hold-on-failure=50ms"}).status == 3);
  CHECK(run.report().at("held_us") >= 50'000);
  CHECK(run.report().at("nslaunch_status") == 3);
}

TEST_CASE("bytes that are not UTF-8 do not keep a report from being written") {
  const ReportedRun run;
  CHECK(run.of("exec -a $'\\xfe' true; : \xff\xc0", {"--name", "n\xff"}).status == 0);
  CHECK(run.report().at("name") == "n\xEF\xBF\xBD");
}

}  // namespace nslaunch::test
