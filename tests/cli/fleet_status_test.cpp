#include <catch2/catch.hpp>

#include "support/fleet_scene.hpp"
#include "support/identity.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

using Statuses = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("shards that all pass: status 0, a line for each, their output, and the counts last") {
  const FleetScene scene;
  const auto ended = scene.run({}, {"say one", "say two; complain odd", "say three"});
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(statuses_in(ended.err) == Statuses{{"shard-1", "PASS"}, {"shard-2", "PASS"}, {"shard-3", "PASS"}});
  for (const char* line : {"one\n", "two\n", "three\n"}) CHECK_THAT(ended.out, Contains(line));
  CHECK_THAT(ended.err, Contains("\nodd\n"));
  CHECK_THAT(last_line_of(ended.err),
             Catch::Matchers::Matches("nslaunch: 3 PASS in .* \\(.* one after the other\\)"));
  CHECK(scene.registry().files() == Words{});
}

TEST_CASE("each way in which a shard can end has its word, and one does not touch another") {
  const FleetScene scene;
  const auto ended = scene.run({"-j", "8", "--retries", "1", "--slow", "200ms", "--timeout", "1500ms",
                                "--leak-grace", "20ms", "--grace", "100ms"},
                               {"pause 0.5", "fail 3", "leak", "fail 1 / pass", "deaf; hang", "die SEGV"});
  INFO(ended.err);
  CHECK(statuses_in(ended.err) == Statuses{{"shard-1", "SLOW"},
                                           {"shard-2", "FAIL"},
                                           {"shard-3", "LEAK"},
                                           {"shard-4", "FLAKY"},
                                           {"shard-5", "TIMEOUT"},
                                           {"shard-6", "KILLED"}});
  CHECK_THAT(ended.err, Contains("FAIL shard-2: exit status 3") &&
                            Contains("KILLED shard-6: died of SIGSEGV") &&
                            Contains("TIMEOUT shard-5: ran longer than 1.5s"));
  CHECK_THAT(last_line_of(ended.err), Contains("1 SLOW, 1 LEAK, 1 FLAKY, 1 FAIL, 1 KILLED, 1 TIMEOUT in "));
  CHECK(ended.status == 124);
  CHECK(scene.registry().files() == Words{});
}

TEST_CASE("a shard that dies of a signal is KILLED, of whichever") {
  const FleetScene scene;
  const Words signals = {"HUP", "INT", "QUIT", "ABRT", "KILL", "USR1", "PIPE", "TERM"};
  Words scripts;
  for (const auto& signal : signals) scripts.push_back("say before; die " + signal);
  const auto ended = scene.run({"-j", "4"}, scripts);
  INFO(ended.err);
  CHECK(ended.status == 1);
  for (std::size_t number = 0; number < signals.size(); ++number) {
    const auto line = "KILLED shard-" + std::to_string(number + 1) + ": died of SIG" + signals[number];
    CHECK_THAT(ended.err, Contains(line));
  }
}

TEST_CASE("a leak is told with pid and command, fails only with --leaks=fail, and never hides a failure") {
  const FleetScene scene;
  const Words scripts = {"leak; say left", "leak; fail 7", "pass"};
  const auto warned = scene.run({"--leak-grace", "20ms"}, scripts);
  INFO(warned.err);
  CHECK(warned.status == 1);
  CHECK(statuses_in(warned.err) == Statuses{{"shard-1", "LEAK"}, {"shard-2", "FAIL"}, {"shard-3", "PASS"}});
  CHECK_THAT(warned.err, Catch::Matchers::Matches("[^]*left running: pid [0-9]+[^\n]*sleep infinity[^]*"));
  CHECK_THAT(warned.err, Contains("FAIL shard-2: exit status 7, 1 left running"));
  CHECK(scene.run({"--leak-grace", "20ms"}, {"leak"}).status == 0);
  CHECK(scene.run({"--leak-grace", "20ms", "--leaks", "fail"}, {"leak", "pass"}).status == 123);
  CHECK(scene.run({"--leak-grace", "20ms", "--leaks", "fail"}, scripts).status == 1);
  CHECK_THAT(scene.run({"--leak-grace", "20ms", "--leaks", "ignore"}, {"leak"}).err, !Contains("LEAK"));
}

TEST_CASE("of several causes the worst decides the exit status: 125, 124, 1, 123") {
  const FleetScene scene;
  const Words limits = {"--leak-grace", "20ms",      "--leaks", "fail", "--grace",
                        "100ms",        "--timeout", "1s",      "-j",   "4"};
  CHECK(scene.run(limits, {"hang", "fail 1", "leak", "pass"}).status == 124);
  CHECK(scene.run(limits, {"pass", "fail 1", "leak", "pass"}).status == 1);
  CHECK(scene.run(limits, {"pass", "leak"}).status == 123);
}

TEST_CASE("a command that nobody can execute: 126 or 127 when it was none, 1 where others ran") {
  const FleetScene scene;
  const auto fleet_of = [&](const std::string& lines, const std::string& command) {
    write_file(scene.directory() + "/list", lines);
    return run(nslaunch({"run", "--each", "list", "--", command}), scene.options());
  };
  const auto missing = fleet_of("a\nb\n", "/nowhere/{}");
  INFO(missing.err);
  CHECK(missing.status == 127);
  CHECK(statuses_in(missing.err) == Statuses{{"a", "FAIL"}, {"b", "FAIL"}});
  CHECK_THAT(missing.err, Contains("/nowhere/a"));
  CHECK(fleet_of("list\n", "./{}").status == 126);
  CHECK(fleet_of("/nowhere\ntrue\n", "{}").status == 1);
  CHECK(fleet_of("/nowhere\nfalse\n", "{}").status == 1);
}

TEST_CASE("a shard that can't be made is an ERROR with its reason, and the fleet ends with 125") {
  const FleetScene scene;
  const auto ended = scene.run({"--private", "/dev/null/{index}", "--leaks", "fail"}, {"pass", "fail 1"});
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(statuses_in(ended.err) == Statuses{{"shard-1", "ERROR"}, {"shard-2", "ERROR"}});
  CHECK(scene.registry().files() == Words{});
}

TEST_CASE("the summary has the last 20 lines of a failure, and says where the rest is") {
  const FleetScene scene;
  std::string script;
  for (int line = 1; line <= 30; ++line) script += "say line " + std::to_string(line) + "; ";
  const auto ended = scene.run({"--output", "failed"}, {script + "fail 1", "say quiet"});
  INFO(ended.err);
  CHECK_THAT(ended.err, Contains("nslaunch:     line 11\n") && Contains("nslaunch:     line 30\n") &&
                            !Contains("    line 10\n") && Contains("all of it is above"));
  const TempDir artifacts;
  const auto kept = scene.run({"--artifacts", artifacts.path()}, {script + "fail 1", "pass"});
  CHECK_THAT(kept.err, Contains("all of it: " + artifacts.path()));
}

TEST_CASE("the command in the summary runs one failed shard again, when it is pasted") {
  const FleetScene scene;
  const auto pasted = [&](const Result& ended) {
    const auto start = ended.err.find("again: nslaunch");
    REQUIRE(start != std::string::npos);
    const auto line = ended.err.substr(start + 7, ended.err.find('\n', start) - start - 7);
    INFO(line);
    auto options = scene.options();
    const auto program = nslaunch_binary();
    options.environment.push_back("PATH=" + program.substr(0, program.rfind('/')) + ":/usr/bin:/bin");
    return run({"bash", "-c", line}, options);
  };
  SECTION("with its number, its variables and what a shell would change") {
    const auto command = "echo \"$NSLAUNCH_SHARD_INDEX/$NSLAUNCH_SHARD_TOTAL $PART\" \"$@\"; exit 3\n# it's";
    const auto ended =
        run(nslaunch({"run", "--shards", "2", "-e", "PART={index}of{total} {name}", "-j1", "--fail-fast",
                      "--", "bash", "-c", command, "-", "a b", "$HOME", "{1,2}", "\n\\x", "{index}"}),
            scene.options());
    const auto again = pasted(ended);
    CHECK(again.out == "1/2 1of2 shard-1 a b $HOME {1,2} \n\\x 1\n");
    CHECK(again.status == 3);
  }
  SECTION("with its line of a list") {
    write_file(scene.directory() + "/list", "first\nit's two of two\n");
    const auto ended = run(
        nslaunch({"run", "--each", "list", "--env", "LINE={}", "--", "bash", "-c",
                  "echo \"$LINE\" \"$1\" $NSLAUNCH_SHARD_INDEX; test $NSLAUNCH_SHARD_INDEX = 1", "-", "{2}"}),
        scene.options());
    CHECK(pasted(ended).out == "it's two of two two 2\n");
  }
}

}  // namespace nslaunch::test
