#pragma once

#include <string>

#include "support/process.hpp"

namespace nslaunch::test {

/// What xmllint says against this text as JUnit XML for Jenkins (junit-10.xsd of its xunit plugin, here
/// beside this file); empty: nothing.
inline std::string against_junit_schema(const std::string& text) {
  StartOptions options;
  options.input = text;
  const auto result = run({"xmllint", "--noout", "--schema", NSLAUNCH_JUNIT_SCHEMA, "-"}, options);
  return result.status == 0 ? "" : result.err;
}

/// The value of an XPath expression in this text, as a string.
inline std::string xpath(const std::string& text, const std::string& expression) {
  StartOptions options;
  options.input = text;
  auto result = run({"xmllint", "--xpath", "string(" + expression + ")", "-"}, options);
  if (result.out.ends_with('\n')) result.out.pop_back();
  return result.status == 0 ? result.out : "xmllint: " + result.err;
}

}  // namespace nslaunch::test
