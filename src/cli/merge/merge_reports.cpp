#include "cli/common/command.hpp"

#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>

#include <cerrno>
#include <iterator>
#include <optional>

#include "cli/merge/merge_json.hpp"
#include "run/report/junit.hpp"
#include "run/report/report_file.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

constexpr int kIncomplete = 1;
/// For all machines together.
constexpr std::size_t kMostCases = 2'000'000;
constexpr std::size_t kLargestReport = std::size_t{1} << 30;

constexpr Option kMergeOptions[] = {
    {"json", 0, "FILE", "where the JSON reports go, as one"},
    {"junit", 0, "FILE", "where the JUnit files go, as one"},
    kColorOption,
};

/// The given reports, by kind.
struct ReportsByKind {
  std::vector<ReadReport> json;
  std::vector<ReadReport> junit;
};

ReportsByKind read_reports(const std::vector<std::string>& paths) {
  ReportsByKind reports;
  for (const auto& path : paths) {
    auto text = sys::read_file(path.c_str(), kLargestReport);
    if (!text) throw Error(sys::errno_code(errno), fmt::format("reading {}", sys::escape(path)));
    const auto first = text->find_first_not_of(" \t\r\n\xef\xbb\xbf");
    const bool is_xml = first != std::string::npos && (*text)[first] == '<';
    (is_xml ? reports.junit : reports.json).push_back({path, std::move(*text)});
  }
  return reports;
}

/// A kind of report and the option for its output are given together, or not at all.
void check_kind(const Arguments& arguments, std::string_view option, const char* kind,
                const std::vector<ReadReport>& reports) {
  if (arguments.has(option) && reports.empty())
    throw UsageError(fmt::format("{}: none of the reports is {}", arguments.written(option), kind));
  if (!arguments.has(option) && !reports.empty()) {
    throw UsageError(
        fmt::format("{} is {}, and nothing says where these go", sys::escape(reports[0].path), kind),
        fmt::format("Add --{} FILE, or leave it out.", option));
  }
}

std::string merge_junit(const std::vector<ReadReport>& reports) {
  std::vector<run::JunitSuite> suites;
  run::JunitRoom room{.most_cases = kMostCases};
  for (const auto& report : reports) {
    auto more = run::parse_junit(report.text, report.path, room);
    std::move(more.begin(), more.end(), std::back_inserter(suites));
  }
  return run::junit_text(suites);
}

bool write_to(const Arguments& arguments, std::string_view option, const std::string& text) {
  const auto option_word = fmt::format("--{}", option);
  return run::ReportFile(arguments.text(option), option_word).write(text, sys::warn);
}

int run_merge_reports(const Arguments& arguments) {
  if (arguments.positional.empty() || arguments.has_separator)
    throw UsageError("which reports?", "for example: nslaunch merge-reports --json all.json reports/*.json");
  if (!arguments.has("json") && !arguments.has("junit"))
    throw UsageError("nothing is to be written", "Add --json FILE, --junit FILE, or both.");
  const auto reports = read_reports(arguments.positional);
  check_kind(arguments, "json", "a JSON report", reports.json);
  check_kind(arguments, "junit", "a JUnit file", reports.junit);
  std::optional<MergedJson> json;
  std::optional<std::string> junit;
  if (arguments.has("json")) json = merge_json(reports.json);
  if (arguments.has("junit")) junit = merge_junit(reports.junit);
  bool written = true;
  if (json) written &= write_to(arguments, "json", json->text);
  if (junit) written &= write_to(arguments, "junit", *junit);
  if (json) {
    for (const auto& problem : json->problems) sys::warn(problem);
  }
  return !written ? kOwnFailure : json && !json->problems.empty() ? kIncomplete : 0;
}

}  // namespace

const Command& merge_reports_command() {
  static constexpr Command kCommand{
      "merge-reports",
      "merge-reports [--json FILE] [--junit FILE] REPORT...",
      "join the reports of several machines",
      "nslaunch merge-reports --json all.json part-1.json part-2.json",
      [] { return std::span<const Option>(kMergeOptions); },
      run_merge_reports,
      Takes::kFiles,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
