#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/reported.hpp"
#include "support/write_file.hpp"
#include "support/xml.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Json = nlohmann::json;

}  // namespace

TEST_CASE("the JSON report of several shards has every part and attempt, and the status of the run") {
  const Reported run;
  const auto ended =
      run.of("echo out; [ {index} != 2 ] || exit 3", {"--shards=3", "--retries=1", "--report-json=r.json"});
  CHECK(ended.status == 1);
  const auto report = Json::parse(run.text("r.json"));
  CHECK(report.at("nslaunch_status") == 1);
  CHECK(report.at("counts").at("PASS") == 2);
  REQUIRE(report.at("parts").size() == 3);
  const auto& failed = report.at("parts").at(1);
  CHECK(failed.at("name") == "shard-2");
  CHECK(failed.at("status") == "FAIL");
  CHECK(failed.at("command") == Json({"bash", "-c", "echo out; [ 2 != 2 ] || exit 3"}));
  REQUIRE(failed.at("attempts").size() == 2);
  CHECK(failed.at("attempts").at(0).at("exit").at("status") == 3);
  CHECK(failed.at("attempts").at(0).at("output_bytes") == 4);
  CHECK(failed.at("attempts").at(0).at("id") != failed.at("attempts").at(1).at("id"));
}

TEST_CASE("a report that can't be written ends a run of several shards before anything runs") {
  const Reported run;
  for (const auto* option : {"--report-json", "--report-junit", "--joblog"}) {
    const auto ended = run.of("echo ran", {"--shards=2", option, "/no/such/directory/r"});
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains("/no/such/directory/r") && Contains(option));
  }
}

TEST_CASE("where nothing can be run the reports of several shards say so of each part") {
  const Reported run;
  const auto ended =
      run.of("echo ran", {"--shards=2", "--report-json=r.json", "--report-junit=r.xml", "--overlay=missing"});
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  const auto report = Json::parse(run.text("r.json"));
  CHECK(report.at("nslaunch_status") == 125);
  CHECK(report.at("counts").at("ERROR") == 2);
  CHECK_THAT(report.at("parts").at(1).at("attempts").at(0).at("error").get<std::string>(),
             Contains("--overlay"));
  CHECK_THAT(run.text("r.xml"), Contains("<error type=\"ERROR\""));
}

TEST_CASE("the report of all is not written again by the command that the summary gives for one shard") {
  const Reported run;
  const auto ended = run.of("exit 1", {"--shards=1", "--report-json=r.json", "--grace=3s"});
  CHECK_THAT(ended.err, Contains("again: nslaunch run --grace 3s -- bash"));
}

TEST_CASE("an artifacts directory has each attempt's output and result") {
  const Reported run;
  CHECK(run.of("echo out; echo err >&2; exit 3", {"--shards=1", "--artifacts=a", "--report-json=r.json"})
            .status == 1);
  const auto directory =
      Json::parse(run.text("r.json")).at("parts").at(0).at("attempts").at(0).at("folder").get<std::string>();
  CHECK(sys::read_file((directory + "/stdout").c_str()) == "out\n");
  CHECK(sys::read_file((directory + "/stderr").c_str()) == "err\n");
  const auto result = Json::parse(sys::read_file((directory + "/result.json").c_str()).value_or(""));
  CHECK(result.at("name") == "shard-1");
  CHECK(result.at("exit").at("status") == 3);
}

TEST_CASE("the JUnit report of several shards is valid whatever they print, and has what they left running") {
  const Reported run;
  const auto ended =
      run.of("printf 'a\\xff\\x00]]>\\033[31m<&'; [ {index} = 2 ] || { sleep 1000 & exit 0; }; exit 1",
             {"--shards=2", "--report-junit=r.xml", "--leak-grace=0ms"});
  CHECK(ended.status == 1);
  const auto xml = run.text("r.xml");
  CHECK(against_junit_schema(xml).empty());
  CHECK(xpath(xml, "//testsuite[@name='shard-1']/@failures") == "0");
  CHECK_THAT(xpath(xml, "//testsuite[@name='shard-1']//system-err"), Contains("sleep 1000"));
  CHECK_THAT(xpath(xml, "//testsuite[@name='shard-2']//failure"), Contains("]]><&"));
}

TEST_CASE("test cases that commands report are merged under their shard's name") {
  const Reported run;
  const auto ended = run.of(writes_junit("r{index}", "case {index}"),
                            {"--shards=3", "--report-junit=r.xml", "--collect-junit=r{index}/*.xml"});
  CHECK(ended.status == 0);
  const auto xml = run.text("r.xml");
  CHECK(against_junit_schema(xml).empty());
  for (const std::string number : {"1", "2", "3"}) {
    const auto suite = "//testsuite[@name='shard-" + number + "']";
    CHECK(xpath(xml, suite + "/@tests") == "2");
    CHECK(xpath(xml, suite + "/testcase[2]/@name") == "case " + number);
  }
}

TEST_CASE("a pattern that is the same for all shards is looked for in each one's artifacts directory") {
  const Reported run;
  CHECK(run.of(writes_junit("$NSLAUNCH_ARTIFACTS/d", "case {index}"),
               {"--shards=2", "--jobs=2", "--artifacts=a", "--report-junit=r.xml", "--collect-junit=d/*.xml"})
            .status == 0);
  CHECK(xpath(run.text("r.xml"), "//testsuite[@name='shard-2']/testcase[2]/@name") == "case 2");
  const auto refused =
      run.of("echo ran", {"--shards=2", "--jobs=2", "--report-junit=r.xml", "--collect-junit=d/*.xml"});
  CHECK(refused.status == 125);
  CHECK(refused.out.empty());
  CHECK_THAT(refused.err,
             Contains("shards that run at once would all write there") && Contains("--artifacts"));
}

TEST_CASE("files that were there before, or were another shard's, are not taken") {
  const Reported run;
  REQUIRE(run.of(writes_junit("d", "old"), {"--shards=1"}).status == 0);
  make_old(run.directory / "d/r.xml");
  CHECK(run.of("[ {index} = 2 ] && exit; " + writes_junit("d", "new"),
               {"--shards=2", "--jobs=1", "--report-junit=r.xml", "--collect-junit=d/*.xml"})
            .status == 0);
  CHECK(xpath(run.text("r.xml"), "//testsuite[@name='shard-1']/testcase[2]/@name") == "new");
  CHECK(xpath(run.text("r.xml"), "//testsuite[@name='shard-2']/@tests") == "1");
  CHECK(run.of("true", {"--shards=1", "--report-junit=r.xml", "--collect-junit=none/*.xml"}).status == 0);
}

TEST_CASE("a broken JUnit file is a warning with its name and line, and the run goes on") {
  const Reported run;
  const auto ended = run.of(
      "mkdir d && printf '<testsuites>\\n<a>\\n' >d/b.xml && mkfifo d/f.xml && " + writes_junit("d", "good"),
      {"--shards=1", "--report-junit=r.xml", "--collect-junit=d/*.xml"});
  CHECK(ended.status == 0);
  CHECK_THAT(ended.err, Contains("shard-1: not taken into the JUnit report:") && Contains("d/b.xml:2: "));
  CHECK(xpath(run.text("r.xml"), "//testcase[2]/@name") == "good");
}

TEST_CASE("a job log that is there is not touched by options that can't be") {
  const Reported run;
  write_file(run.directory / "log", "old");
  for (const auto* option : {"--pcap=x.pcap", "--collect-junit=x", "--report-json=/no/such/r"})
    CHECK(run.of("true", {"--shards=2", "--joblog=log", option}).status == 125);
  CHECK(run.text("log") == "old");
}

TEST_CASE("the job log has a line for each attempt that has ended") {
  const Reported run;
  CHECK(run.of("[ {index} = 1 ] || kill -9 $$", {"--shards=2", "--retries=1", "--joblog=log"}).status == 1);
  std::istringstream lines(run.text("log"));
  std::string line;
  std::getline(lines, line);
  CHECK(line == "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand");
  int killed = 0;
  int passed = 0;
  while (std::getline(lines, line)) {
    if (line.starts_with("1\t:\t") && line.find("\t0\t0\tbash -c ") != std::string::npos) ++passed;
    if (line.starts_with("2\t:\t") && line.find("\t0\t9\tbash -c ") != std::string::npos) ++killed;
  }
  CHECK(passed == 1);
  CHECK(killed == 2);
}

TEST_CASE("in a job of GitHub Actions a failure is an annotation, and the step has a summary") {
  const Reported run;
  const auto ended = run.of("echo out {index}; exit $(({index} - 1))", {"--shards=2"},
                            {"GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY=" + (run.directory / "summary")});
  CHECK(ended.status == 1);
  CHECK_THAT(ended.err, Contains("\n::error title=FAIL shard-2::exit status 1%0Aout 2\n"));
  CHECK_THAT(ended.out, Contains("::group::PASS shard-1") && Contains("out 1\n::endgroup::\n") &&
                            !Contains("::group::FAIL"));
  CHECK_THAT(run.text("summary"), Contains("| FAIL | shard-2 | exit status 1 |"));
  const auto off = run.of("exit 1", {"--shards=1", "--ci=off"}, {"GITHUB_ACTIONS=true"});
  CHECK_THAT(off.err, !Contains("::error"));
}

TEST_CASE("a step's summary is added to what is there, and not to one that is full") {
  const Reported run;
  const auto path = run.directory / "summary";
  const Words environment = {"GITHUB_STEP_SUMMARY=" + path};
  for (int times = 0; times < 2; ++times)
    CHECK(run.of("true", {"--shards=1", "--github"}, environment).status == 0);
  CHECK(run.text("summary").find("###") != run.text("summary").rfind("###"));
  std::filesystem::resize_file(path, (std::size_t{1} << 20) - 10);
  CHECK(run.of("true", {"--shards=1", "--ci=github"}, environment).status == 0);
  CHECK(std::filesystem::file_size(path) == (std::size_t{1} << 20) - 10);
}

TEST_CASE("in a job of GitLab CI a shard's output is a section") {
  const Reported run;
  const auto ended = run.of("echo out {index}; exit $(({index} - 1))", {"--shards=2"}, {"GITLAB_CI=true"});
  CHECK_THAT(ended.out, Contains("[collapsed=true]\r\033[0KPASS shard-1") &&
                            Contains("out 1\n\033[0Ksection_end:") && Contains("\r\033[0KFAIL shard-2"));
}

}  // namespace nslaunch::test
