#include "cli/run/ci_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "run/report/github.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/log.hpp"
#include "sys/base/patient_write.hpp"
#include "sys/base/text.hpp"
#include "sys/files/output_file.hpp"

namespace nslaunch::cli {
namespace {

bool is_true(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && std::string_view(value) == "true";
}

/// GitHub drops the whole summary of a step that has more.
constexpr std::size_t kMostOfSummary = std::size_t{1} << 20;

void add_to_summary(const SummaryFile& summary, const FleetResult& result, const FleetSpec& spec) {
  struct stat status = {};
  int error = summary.error;
  if (error == 0 && ::fstat(summary.file.get(), &status) != 0) error = errno;
  if (error == 0) {
    const auto used = std::min(static_cast<std::size_t>(status.st_size), kMostOfSummary);
    const auto text = run::github_summary(result, spec, kMostOfSummary - used);
    std::string_view rest = text;
    if (text.size() <= kMostOfSummary - used)
      error = sys::write_patiently(summary.file.get(), rest, sys::Deadline(sys::kReaderLimit));
  }
  if (error == 0) return;
  sys::warn(fmt::format("the summary for GitHub could not be added to {}: {}", sys::escape(summary.path),
                        sys::errno_code(error).message()));
}

}  // namespace

LogMarks read_log_marks(const Arguments& arguments) {
  constexpr const char* kChoices[] = {"auto", "github", "gitlab", "off"};
  auto choice = arguments.choice("ci", kChoices, arguments.has("github") ? "github" : "auto");
  if (arguments.has("github") && choice != "github")
    throw UsageError(
        fmt::format("--github and {} {} contradict each other", arguments.written("ci"), choice));
  if (choice == "auto")
    choice = is_true("GITHUB_ACTIONS") ? "github" : is_true("GITLAB_CI") ? "gitlab" : "off";
  return choice == "github" ? LogMarks::kGithub : choice == "gitlab" ? LogMarks::kGitlab : LogMarks::kNone;
}

SummaryFile open_summary(const FleetSpec& spec) {
  SummaryFile summary;
  const char* path = std::getenv("GITHUB_STEP_SUMMARY");
  if (spec.marks != LogMarks::kGithub || path == nullptr || *path == '\0') return summary;
  summary.path = path;
  summary.file = sys::open_output(path, O_APPEND, std::chrono::seconds{0});
  if (!summary.file) summary.error = errno;
  return summary;
}

void report_to_ci(const FleetResult& result, const FleetSpec& spec, const SummaryFile& summary) {
  if (spec.marks != LogMarks::kGithub) return;
  // Who no longer reads them has no use for them.
  sys::write_all(STDERR_FILENO, run::github_annotations(result, spec));
  if (!summary.path.empty()) add_to_summary(summary, result, spec);
}

}  // namespace nslaunch::cli
