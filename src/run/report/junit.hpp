#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace nslaunch::run {

/// What a test case says besides that it has run.
struct JunitRemark {
  /// "failure", "error", "skipped", "rerunFailure", "rerunError", "flakyFailure", "flakyError", "system-out"
  /// or "system-err".
  std::string element;
  std::string type{};
  std::string message{};
  std::string text{};
  /// Of the four that stand for another try.
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

/// How much may still be taken in, of one document or of several: who has written them may want the memory of
/// whoever reads them.
struct JunitRoom {
  std::size_t most_cases = 200'000;
  std::size_t cases = 0;  ///< that have been taken in
  /// Bytes for what is written once and read as often as there are cases: a suite's name, as their class.
  std::size_t copies = std::size_t{64} << 20;
};

/// The suites of a JUnit document that have cases of their own, those in others included. What Jenkins'
/// schema (junit-10.xsd of its xunit plugin) does not know is left out, and names are cut at 4 KiB. Throws
/// Error, with the line, where `text` is no such document, and with EFBIG where `room` is not enough for it,
/// which is as it was then; `path` is how it is called then.
std::vector<JunitSuite> parse_junit(const std::string& text, const std::string& path, JunitRoom& room);
std::vector<JunitSuite> parse_junit(const std::string& text, const std::string& path);

/// A document that keeps to that schema, whatever bytes the texts have.
std::string junit_text(const std::vector<JunitSuite>& suites);

}  // namespace nslaunch::run
