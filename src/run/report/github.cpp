#include "run/report/github.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>
#include <vector>

#include "run/part/status.hpp"
#include "run/single/leaks.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/log.hpp"
#include "sys/base/patient_write.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"
#include "sys/files/open_output.hpp"

namespace nslaunch::run {
namespace {

constexpr std::size_t kMostOfAKind = 10;
constexpr std::size_t kLinesOfAnnotation = 20;
constexpr std::size_t kLongestAnnotatedLine = 200;
/// GitHub drops the whole summary of a step that exceeds this.
constexpr std::size_t kMostOfSummary = std::size_t{1} << 20;

struct Escape {
  char letter;
  std::string_view written;
};
constexpr Escape kInMessages[] = {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}};
constexpr Escape kInProperties[] = {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}, {':', "%3A"}, {',', "%2C"}};
constexpr Escape kInTables[] = {{'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},  {'|', "&#124;"},
                                {'`', "&#96;"},  {'*', "&#42;"},  {'_', "&#95;"}, {'[', "&#91;"},
                                {'\\', "&#92;"}, {'~', "&#126;"}, {'\n', "<br>"}};

template <std::size_t Size>
std::string with_escapes(std::string_view text, const Escape (&escapes)[Size]) {
  std::string written;
  for (const char letter : text) {
    const auto* const found = std::find_if(std::begin(escapes), std::end(escapes),
                                           [&](const Escape& escape) { return escape.letter == letter; });
    found == std::end(escapes) ? written += letter : written += found->written;
  }
  return written;
}

std::string how_it_ended(const PartResult& part, const FleetSpec& spec) {
  if (part.attempts.empty()) return "never ran";
  const auto& last = part.attempts.back();
  if (part.status == Status::kCancelled)
    return last.started ? "cancelled" : "cancelled before its command ran";
  std::string text;
  if (part.status < Status::kCancelled) text = describe_end(last, spec.shard);
  if (part.status == Status::kFlaky)
    text = "first " + describe_end(part.attempts.front(), spec.shard) + ", then passed";
  if (!has_leaked(last.outcome, spec.shard)) return text;
  return fmt::format("{}{}{}", text, text.empty() ? "" : ", ", left_running(last.outcome));
}

std::string annotation(std::string_view kind, const PartResult& part, const FleetSpec& spec) {
  std::string message = how_it_ended(part, spec);
  const auto& last = part.attempts.back();
  for (const auto& line : sys::last_lines(last.last_output, kLinesOfAnnotation))
    message += "\n" + sys::escape(line.substr(0, kLongestAnnotatedLine));
  const auto title = fmt::format("{} {}", to_string(part.status), sys::escape(label_of(part, spec)));
  return fmt::format("::{} title={}::{}\n", kind, with_escapes(title, kInProperties),
                     with_escapes(message, kInMessages));
}

/// The last annotation stands for all those beyond the limit.
std::string annotations_of_kind(std::string_view kind, const std::vector<const PartResult*>& parts,
                                const FleetSpec& spec) {
  std::string lines;
  const auto shown = parts.size() > kMostOfAKind ? kMostOfAKind - 1 : parts.size();
  for (std::size_t index = 0; index < shown; ++index) lines += annotation(kind, *parts[index], spec);
  if (shown < parts.size())
    lines += fmt::format("::{} title=nslaunch::{} more shards\n", kind, parts.size() - shown);
  return lines;
}

std::string row_of(const PartResult& part, const FleetSpec& spec) {
  std::chrono::microseconds time{0};
  for (const auto& attempt : part.attempts) time += time_of(attempt);
  return fmt::format("| {} | {} | {} | {} | {} |\n", to_string(part.status),
                     with_escapes(sys::escape(label_of(part, spec)), kInTables),
                     with_escapes(how_it_ended(part, spec), kInTables), sys::format_duration(time),
                     part.attempts.size());
}

}  // namespace

Marks github_marks(const PartResult& part, const Attempt& attempt, const FleetSpec& spec) {
  if (!has_passed(attempt.status, spec.shard)) return {};
  const auto heading = heading_of(part, attempt, spec);
  return {.before = fmt::format("::group::{}\n", with_escapes(heading, kInMessages)),
          .after = "::endgroup::\n"};
}

std::string github_annotations(const FleetResult& result, const FleetSpec& spec) {
  std::vector<const PartResult*> failed;
  std::vector<const PartResult*> doubtful;
  for (const auto& part : result.parts) {
    if (part.attempts.empty() || part.status == Status::kCancelled) continue;
    if (!has_passed(part.status, spec.shard)) failed.push_back(&part);
    if (part.status == Status::kFlaky ||
        (part.status == Status::kLeak && spec.shard.leaks == LeakPolicy::kWarn))
      doubtful.push_back(&part);
  }
  return annotations_of_kind("error", failed, spec) + annotations_of_kind("warning", doubtful, spec);
}

std::string github_summary(const FleetResult& result, const FleetSpec& spec, std::size_t most) {
  std::vector<const PartResult*> parts;
  for (const auto& part : result.parts) parts.push_back(&part);
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto* one, const auto* other) { return one->status < other->status; });
  std::string text =
      fmt::format("### nslaunch: {} in {}\n\n", counts_of(result), sys::format_duration(result.wall));
  text += "| | shard | | time | attempts |\n|---|---|---|---|---|\n";
  constexpr std::size_t kRoomForTheLastLine = 100;
  for (std::size_t index = 0; index < parts.size(); ++index) {
    const auto row = row_of(*parts[index], spec);
    if (text.size() + row.size() + kRoomForTheLastLine > most)
      return text + fmt::format("\n{} more shards\n\n", parts.size() - index);
    text += row;
  }
  return text + "\n";
}

GithubReport::GithubReport(const FleetSpec& spec, std::string summary)
    : spec_(spec), path_(std::move(summary)) {
  if (path_.empty()) return;
  file_ = sys::open_output(path_, O_APPEND, std::chrono::seconds{0});
  if (!file_) error_ = errno;
}

void GithubReport::fleet_ended(const FleetEnded& event) {
  ::signal(SIGPIPE, SIG_IGN);
  sys::write_message(github_annotations(event.result, spec_));
  if (path_.empty()) return;
  const int error = error_ != 0 ? error_ : add_to_summary(event.result);
  if (error == 0) return;
  event.warn(fmt::format("the summary for GitHub could not be added to {}: {}", sys::escape(path_),
                         sys::errno_code(error).message()));
}

/// Returns 0 or an errno.
int GithubReport::add_to_summary(const FleetResult& result) const {
  struct stat status = {};
  if (::fstat(file_.get(), &status) != 0) return errno;
  const auto used = std::min(static_cast<std::size_t>(status.st_size), kMostOfSummary);
  const auto text = github_summary(result, spec_, kMostOfSummary - used);
  if (text.size() > kMostOfSummary - used) return 0;
  std::string_view rest = text;
  return sys::write_patiently(file_.get(), rest, sys::Deadline(sys::kReaderLimit));
}

}  // namespace nslaunch::run
