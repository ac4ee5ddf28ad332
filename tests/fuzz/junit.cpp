// A JUnit file of a test runner's, and what is made of it.
#include "run/report/junit.hpp"

#include "input.hpp"

namespace {

using namespace nslaunch;

std::size_t cases_in(const std::vector<run::JunitSuite>& suites) {
  std::size_t cases = 0;
  for (const auto& suite : suites) cases += suite.cases.size();
  return cases;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<run::JunitSuite> suites;
  if (!fuzz::works([&] { suites = run::parse_junit(fuzz::Input(data, size).text(), "report.xml"); }))
    return 0;
  const auto written = run::junit_text(suites);
  fuzz::require_harmless(written, "\n\r\t");
  const auto again = run::parse_junit(written, "again.xml");
  fuzz::require(again.size() == suites.size() && cases_in(again) == cases_in(suites), "no case is lost");
  // Of white space some is lost at the first time.
  const auto second = run::junit_text(again);
  fuzz::require(run::junit_text(run::parse_junit(second, "again.xml")) == second,
                "what was written stays as it is");
  return 0;
}
