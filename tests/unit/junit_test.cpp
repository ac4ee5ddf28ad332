#include "run/report/junit.hpp"

#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>
#include <cerrno>

#include "support/xml.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// As other programs write it: with what the schema does not know.
constexpr const char* kForeign = R"(<?xml version="1.0" encoding="ISO-8859-1"?>
<testsuites tests="3" skipped="1"><properties/>
 <testsuite name="outer" id="0"><testsuite name="inner" time="1,5x" hostname="h" file="a.js">
  <properties><property name="p">v</property></properties>
  <testcase name="one" status="run" file="a.js" line="3"><properties/><failure type="T">a<![CDATA[b]]></failure></testcase>
  <testcase classname="C"><rerunFailure>x<stackTrace>y</stackTrace><system-err>e</system-err></rerunFailure></testcase>
 </testsuite><testcase name="three"><skipped/><odd/></testcase></testsuite></testsuites>)";

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (; times > 0; --times) all += text;
  return all;
}

std::string suite_of(std::size_t cases, const std::string& name = {}) {
  return "<testsuite name='" + name + "'>" + repeated("<testcase/>", cases) + "</testsuite>";
}

}  // namespace

TEST_CASE("cases of nested suites come out in suites side by side, without what Jenkins does not know") {
  const auto suites = run::parse_junit(kForeign, "f.xml");
  REQUIRE(suites.size() == 2);
  CHECK(suites[0].name == "outer");
  CHECK(suites[0].cases.at(0).class_name == "outer");
  CHECK(suites[1].properties == std::vector<std::pair<std::string, std::string>>{{"p", "v"}});
  CHECK(suites[1].cases.at(0).remarks.at(0).text == "ab");
  CHECK(suites[1].cases.at(1).remarks.at(0).text == "xy");
  const auto text = run::junit_text(suites);
  CHECK(against_junit_schema(text).empty());
  CHECK(xpath(text, "//testsuite[2]/@tests") == "2");
  CHECK(xpath(text, "//testsuite[2]/@failures") == "1");
  CHECK(xpath(text, "//testsuite[1]/@skipped") == "1");
  CHECK(xpath(text, "//testcase[@classname='C']/rerunFailure/system-out") == "e");
}

TEST_CASE("what has been written is read as it was") {
  const auto once = run::junit_text(run::parse_junit(kForeign, "f.xml"));
  CHECK(run::junit_text(run::parse_junit(once, "f.xml")) == once);
}

TEST_CASE("a case whose class is empty, or nothing but colours, is of its suite's class") {
  const auto once = run::parse_junit(
      "<testsuite name='s'><testcase classname='\x1b[1m'/><testcase classname=''/>"
      "</testsuite>",
      "f.xml");
  CHECK(once.at(0).cases.at(1).class_name == "s");
  const auto text = run::junit_text(once);
  CHECK(xpath(text, "count(//testcase[@classname=''])") == "0");
  const auto twice = run::parse_junit(text, "f.xml");
  CHECK(twice.at(0).cases.at(0).class_name == "s");
}

TEST_CASE("a broken JUnit file is an error with its name and the line") {
  CHECK_THROWS_WITH(run::parse_junit("<testsuites>\n<testsuite>\n</testsuites>", "a/b.xml"),
                    Contains("a/b.xml:3: "));
  CHECK_THROWS_WITH(run::parse_junit("<html/>", "b.xml"),
                    Contains("b.xml:1: no JUnit report: its root is <html>"));
  CHECK_THROWS_AS(run::parse_junit("", "b.xml"), Error);
  CHECK_THROWS_AS(run::parse_junit("plain", "b.xml"), Error);
}

TEST_CASE("a document that wants more memory than any report does is refused as a file that is too large") {
  const auto is_too_large = Catch::Matchers::Predicate<Error>(
      [](const Error& error) { return error.code().value() == EFBIG; }, "has EFBIG");
  CHECK(run::parse_junit(suite_of(200'000), "a.xml").at(0).cases.size() == 200'000);
  CHECK_THROWS_MATCHES(run::parse_junit(suite_of(200'001), "a.xml"), Error, is_too_large);
  CHECK_THROWS_WITH(run::parse_junit(suite_of(200'001), "a.xml"),
                    Contains("a.xml: more than 200000 test cases"));
  CHECK_THROWS_WITH(run::parse_junit(suite_of(100'000, std::string(1'000'000, 'x')), "a.xml"),
                    Contains("more than 67108864 bytes of suites' names"));
  CHECK_THROWS_WITH(run::parse_junit("<testsuite>" + repeated("<a>", 4'000'000), "a.xml"),
                    Contains("more than 4000000 tags"));
}

TEST_CASE("several documents share the room for cases, of which one that is refused takes nothing") {
  run::JunitRoom room{.most_cases = 10};
  run::parse_junit(suite_of(6, "ab"), "a.xml", room);
  CHECK_THROWS_WITH(run::parse_junit(suite_of(5), "b.xml", room), Contains("more than 10 test cases in all"));
  CHECK(room.cases == 6);
  run::parse_junit(suite_of(4), "c.xml", room);
  CHECK(room.cases == 10);
}

TEST_CASE("names of 4 KiB are cut, between characters") {
  const auto name = std::string(4095, 'x') + "\u00e4\u00e4";
  const auto suites = run::parse_junit("<testsuite name='" + name + "'><testcase/><testcase name='" + name +
                                           "' classname='" + name + "'/></testsuite>",
                                       "a.xml");
  const std::string cut(4095, 'x');
  CHECK(suites.at(0).name == cut);
  CHECK(suites.at(0).cases.at(0).class_name == cut);
  CHECK(suites.at(0).cases.at(1).name == cut);
  CHECK(suites.at(0).cases.at(1).class_name == cut);
}

TEST_CASE("any bytes make a valid document") {
  std::string bytes;
  for (int byte = 1; byte <= 256; ++byte) bytes += static_cast<char>(byte);  // 0 the last
  bytes += "]]>&amp;<x>\xef\xbf\xbe\xed\xa0\x80 \033[1;31mred\033[0m\r\n";
  run::JunitRemark remark{
      .element = "flakyError", .type = bytes, .message = bytes, .text = bytes, .output = bytes};
  const run::JunitSuite suite{.name = bytes,
                              .time = "1.5.5",
                              .properties = {{bytes, bytes}},
                              .cases = {{.name = bytes, .class_name = bytes, .remarks = {remark}}}};
  const auto text = run::junit_text({suite});
  CHECK(against_junit_schema(text).empty());
  CHECK_THAT(text, Contains("]]&gt;&amp;amp;&lt;x&gt;") && Contains(" red"));
}

}  // namespace nslaunch::test
