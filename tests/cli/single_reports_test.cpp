#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/reported.hpp"
#include "support/xml.hpp"

// The reports of several shards, of a run of one: most CI jobs are one part of a suite.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("a run of one part has a JUnit report of it, and its command the caller's streams") {
  const Reported run;
  const auto ended = run.of("echo out; echo err >&2; exit 3", {"--shard=2/4", "--report-junit=r.xml"});
  CHECK(ended.status == 3);
  CHECK(ended.out == "out\n");
  CHECK(ended.err == "err\n");
  const auto xml = run.text("r.xml");
  CHECK(against_junit_schema(xml).empty());
  CHECK(xpath(xml, "count(//testsuite)") == "1");
  CHECK(xpath(xml, "//testsuite/@name") == "shard-2");
  CHECK(xpath(xml, "//testsuite/@failures") == "1");
  CHECK(xpath(xml, "//property[@name='index']/@value") == "2");
  CHECK(xpath(xml, "//property[@name='total']/@value") == "4");
  CHECK(xpath(xml, "//testcase/failure/@message") == "exit status 3");
}

TEST_CASE("a suite that is not split has a JUnit report, too, under the shard's name") {
  const Reported run;
  CHECK(run.of("true", {"--name=suite", "--report-junit=r.xml"}).status == 0);
  CHECK(xpath(run.text("r.xml"), "//testsuite/@name") == "suite");
  CHECK(xpath(run.text("r.xml"), "//testsuite/@failures") == "0");
}

TEST_CASE("the JUnit report of one part has what the command has reported itself") {
  const Reported run;
  const auto ended =
      run.of(writes_junit("r{index}", "here") + "; " + writes_junit("$NSLAUNCH_ARTIFACTS/d", "in artifacts"),
             {"--shard=2/4", "--artifacts=a", "--report-junit=r.xml", "--collect-junit=r{index}/*.xml",
              "--collect-junit=d/*.xml"});
  INFO(ended.err);
  CHECK(ended.status == 0);
  const auto xml = run.text("r.xml");
  CHECK(xpath(xml, "//testsuite/@tests") == "3");
  CHECK(xpath(xml, "//testcase[2]/@name") == "here");
  CHECK(xpath(xml, "//testcase[3]/@name") == "in artifacts");
}

TEST_CASE(
    "the JUnit files of one part are those of its own directory for results, wherever its command works") {
  const Reported run;
  std::filesystem::create_directories(run.directory / "elsewhere");
  std::filesystem::create_directories(run.directory / "a");
  const auto ended =
      run.of(writes_junit("../a", "not its own") + "; " + writes_junit("$NSLAUNCH_ARTIFACTS", "its own"),
             {"--workdir=elsewhere", "--artifacts=a", "--report-junit=r.xml", "--collect-junit=*.xml"});
  INFO(ended.err);
  CHECK(ended.status == 0);
  const auto xml = run.text("r.xml");
  CHECK(xpath(xml, "count(//testcase[@name='its own'])") == "1");
  CHECK(xpath(xml, "count(//testcase[@name='not its own'])") == "0");
}

TEST_CASE("a leak of one part is in its JUnit report, and a failure where leaks are") {
  const Reported run;
  const Words options = {"--report-junit=r.xml", "--leak-grace=0ms"};
  CHECK(run.of("sleep 1000 & exit 0", options).status == 0);
  CHECK_THAT(xpath(run.text("r.xml"), "//testcase/system-err"), Contains("sleep 1000"));
  auto failing = options;
  failing.emplace_back("--leaks=fail");
  CHECK(run.of("sleep 1000 & exit 0", failing).status == 123);
  CHECK(xpath(run.text("r.xml"), "//testcase/failure/@message") == "1 left running");
}

TEST_CASE("a command that is told to end, or never runs, is in the reports of one part") {
  const Reported run;
  SECTION("ended by a signal to nslaunch, which dies of it") {
    Process launcher(run.words("echo up; exec sleep 1000", {"--report-junit=r.xml", "--joblog=log"}),
                     run.options());
    REQUIRE(launcher.read_line() == "up");
    launcher.send_signal(SIGTERM);
    CHECK(launcher.wait().signal == SIGTERM);
    CHECK(xpath(run.text("r.xml"), "//testcase/failure/@message") == "died of SIGTERM");
    CHECK_THAT(run.text("log"), Contains("\t0\t15\tbash -c "));
  }
  SECTION("not found") {
    const auto ended =
        test::run(nslaunch({"run", "--report-junit=r.xml", "--", "/no/such/command"}), run.options());
    CHECK(ended.status == 127);
    CHECK_THAT(xpath(run.text("r.xml"), "//testcase/failure/@message"), Contains("/no/such/command"));
  }
  SECTION("in a shard that can't be made") {
    const auto ended = run.of("echo ran", {"--report-junit=r.xml", "--overlay=missing"});
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(xpath(run.text("r.xml"), "//testcase/error/@message"), Contains("missing"));
  }
}

TEST_CASE("the job log of a run of one part has its line, and the JSON report stays that of one shard") {
  const Reported run;
  CHECK(run.of("exit 3", {"--shard=2/4", "--joblog=log", "--report-json=r.json"}).status == 3);
  const auto log = run.text("log");
  CHECK_THAT(log, Catch::StartsWith("Seq\tHost\t") && Contains("\n2\t:\t") &&
                      Contains("\t0\t0\t3\t0\tbash -c 'exit 3'\n"));
  const auto report = nlohmann::json::parse(run.text("r.json"));
  CHECK(report.at("index") == 2);
  CHECK(report.at("exit").at("status") == 3);
  CHECK(report.at("peak_memory_bytes") > 0);
}

TEST_CASE("GitHub is told of a run of one part where that is asked for, and else of nothing") {
  const Reported run;
  const Words environment = {"GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY=" + (run.directory / "summary")};
  CHECK(run.of("exit 3", {"--shard=2/4", "--report-junit=r.xml"}, environment).err.empty());
  CHECK_FALSE(std::filesystem::exists(run.directory / "summary"));
  const auto option = GENERATE("--github", "--ci=auto", "--ci=github");
  const auto ended = run.of("echo out; exit 3", {"--shard=2/4", option}, environment);
  CHECK(ended.status == 3);
  CHECK(ended.out == "out\n");
  CHECK(ended.err == "::error title=FAIL shard-2::exit status 3\n");
  CHECK_THAT(run.text("summary"), Contains("| FAIL | shard-2 | exit status 3 |"));
  CHECK(run.of("exit 3", {"--ci=off"}, environment).err.empty());
}

TEST_CASE("a report of one part that can't be written ends the run before anything runs") {
  const Reported run;
  for (const auto* option : {"--report-json", "--report-junit", "--joblog"}) {
    const auto ended = run.of("echo ran", {option, "/no/such/directory/r"});
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains("/no/such/directory/r") && Contains(option));
  }
}

TEST_CASE("what has no meaning for one shard is refused") {
  const Reported run;
  for (const auto* option : {"--output=stream", "--jobs=2", "--slow=1s", "--fail-fast"}) {
    const auto ended = run.of("echo ran", {option});
    CHECK(ended.status == 125);
    CHECK_THAT(ended.err, Contains("is for a run of several shards"));
  }
  const auto folded = run.of("echo ran", {"--ci=gitlab"});
  CHECK(folded.status == 125);
  CHECK(folded.out.empty());
  CHECK_THAT(folded.err, Contains("--ci gitlab folds the output of several shards"));
  const auto alone = run.of("echo ran", {"--collect-junit=x"});
  CHECK(alone.status == 125);
  CHECK_THAT(alone.err, Contains("has no report to put the cases into"));
}

}  // namespace nslaunch::test
