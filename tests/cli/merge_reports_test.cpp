#include <catch2/catch.hpp>

#include "support/reported_run.hpp"
#include "support/write_file.hpp"
#include "support/xml.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Json = nlohmann::json;

/// Machines that each ran one part, and what is made of their reports.
struct Machines {
  RegistryView registry;
  TempDir directory;

  Result nslaunch_with(Words words) const {
    auto with = registry.options();
    with.directory = directory.path();
    return run(nslaunch(std::move(words)), with);
  }
  void ran(const std::string& part, const std::string& script) const {
    const auto name = part.substr(0, 1);
    nslaunch_with({"run", "--shards=1", "--shard=" + part, "--report-json", name + ".json", "--report-junit",
                   name + ".xml", "--", "sh", "-c", script});
  }
  std::string text(const std::string& name) const {
    return sys::read_file((directory / name).c_str(), std::size_t{1} << 24).value_or("");
  }
};

}  // namespace

TEST_CASE("the reports of several machines become one of each kind") {
  const Machines machines;
  machines.ran("1/2", "exit 0");
  machines.ran("2/2", "exit 3");
  const auto merged = machines.nslaunch_with(
      {"merge-reports", "--json", "all.json", "--junit=all.xml", "1.json", "2.xml", "1.xml", "2.json"});
  CHECK(merged.err.empty());
  CHECK(merged.status == 0);
  const auto json = Json::parse(machines.text("all.json"));
  CHECK(json.at("nslaunch_status") == 1);
  CHECK(json.at("parts").at(1).at("status") == "FAIL");
  const auto xml = machines.text("all.xml");
  CHECK(against_junit_schema(xml).empty());
  CHECK(xpath(xml, "count(//testsuite)") == "2");
  CHECK(xpath(xml, "//testsuite[@name='shard-2']/@failures") == "1");
}

TEST_CASE("a machine that has not reported is told, written down and status 1") {
  const Machines machines;
  machines.ran("1/3", "exit 0");
  const auto merged = machines.nslaunch_with({"merge-reports", "--json", "all.json", "1.json"});
  CHECK(merged.status == 1);
  CHECK(merged.err == "nslaunch: 2 of 3 parts never reported: 2, 3\n");
  CHECK(Json::parse(machines.text("all.json")).at("missing") == Json({2, 3}));
}

TEST_CASE("the report of a run of one shard is joined with others") {
  const Machines machines;
  machines.nslaunch_with({"--shard=1/2", "--report-json=1.json", "--", "sh", "-c", "exit 123"});
  machines.ran("2/2", "exit 0");
  CHECK(machines.nslaunch_with({"merge-reports", "--json", "all.json", "1.json", "2.json"}).status == 0);
  CHECK(Json::parse(machines.text("all.json")).at("nslaunch_status") == 1);
}

TEST_CASE("what can't be read or written by merge-reports is status 125, and nothing is written") {
  const Machines machines;
  machines.ran("1/1", "exit 0");
  write_file(machines.directory / "odd.json", "{\"version\":1}");
  write_file(machines.directory / "odd.xml", "<testsuites>\n<a></testsuites>");
  const auto refused = [&](Words words) {
    words.insert(words.begin(), "merge-reports");
    const auto ended = machines.nslaunch_with(words);
    CHECK(ended.status == 125);
    CHECK(machines.text("all").empty());
    return ended.err;
  };
  CHECK_THAT(refused({"--json=all", "none.json"}), Contains("reading none.json"));
  CHECK_THAT(refused({"--json=all", "1.json", "odd.json"}), Contains("odd.json is no report"));
  CHECK_THAT(refused({"--junit=all", "odd.xml"}), Contains("odd.xml:2: "));
  CHECK_THAT(refused({"--json=all", "1.xml"}), Contains("--json: none of the reports is a JSON report"));
  CHECK_THAT(refused({"--json=all", "1.json", "1.xml"}),
             Contains("1.xml is a JUnit file") && Contains("Add --junit"));
  CHECK_THAT(refused({"1.json"}), Contains("nothing is to be written"));
  CHECK_THAT(refused({"--json=all"}), Contains("which reports?"));
  CHECK_THAT(refused({"--json=/no/such/all", "1.json"}), Contains("--json takes a file"));
  CHECK_THAT(refused({"--json=/dev/full", "1.json"}), Contains("No space left"));
}

}  // namespace nslaunch::test
