#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace nslaunch::run {

/// What a test case reports besides having run.
struct JunitRemark {
  /// "failure", "error", "skipped", "rerunFailure", "rerunError", "flakyFailure", "flakyError", "system-out"
  /// or "system-err".
  std::string element;
  std::string type{};
  std::string message{};
  std::string text{};
  /// Only of the four elements that stand for another try.
  std::string output{};
};

struct JunitCase {
  std::string name;
  std::string class_name{};
  std::string time{};  ///< seconds; empty: not known
  std::vector<JunitRemark> remarks{};
};

struct JunitSuite {
  std::string name;
  std::string time{};
  std::string timestamp{};
  std::string host{};
  std::vector<std::pair<std::string, std::string>> properties{};
  std::vector<JunitCase> cases{};
};

/// How much may still be read, from one document or several: their author may try to exhaust the reader's
/// memory.
struct JunitRoom {
  std::size_t most_cases = 200'000;
  std::size_t cases = 0;  ///< read so far
  /// Bytes for text that is written once and copied for each case: a suite's name, as the class of its cases.
  std::size_t copies = std::size_t{64} << 20;
};

/// The suites of a JUnit document that have cases of their own, nested suites included. What Jenkins' schema
/// (junit-10.xsd of its xunit plugin) does not know is left out, and names are cut at 4 KiB. Throws Error,
/// with the line, if `text` is no such document, and with EFBIG if it exceeds `room`, which then stays
/// unchanged. `path` is the document's name in these errors.
std::vector<JunitSuite> parse_junit(const std::string& text, const std::string& path, JunitRoom& room);
std::vector<JunitSuite> parse_junit(const std::string& text, const std::string& path);

/// A document that conforms to that schema, whatever bytes the texts contain.
std::string junit_text(const std::vector<JunitSuite>& suites);

}  // namespace nslaunch::run
