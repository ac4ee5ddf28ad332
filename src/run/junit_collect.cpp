#include "run/junit_collect.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <nslaunch/error.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <sstream>

#include "run/find_files.hpp"
#include "run/status.hpp"
#include "run/templates.hpp"
#include "shard/users_folder.hpp"
#include "sys/as_user.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"
#include "sys/text.hpp"

namespace nslaunch::run {
namespace {

constexpr std::size_t kLargest = std::size_t{256} << 20;
/// A file's times are those of the last clock tick: up to 10 ms before the time of day.
constexpr std::int64_t kTick = 10;

std::int64_t in_milliseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

/// As the command's user, where root collects: what the command has put there, links above all, leads where
/// that user may go.
sys::Answer as_command(const ShardSpec& spec, const std::function<sys::Answer()>& work) {
  constexpr std::chrono::seconds kLimit{20};
  const auto* user = shard::other_user(spec);
  if (user == nullptr) return work();
  return sys::as_user(user->uid, user->gid, {user->groups.begin(), user->groups.end()}, kLimit, work);
}

std::vector<std::string> find_as_command(const ShardSpec& spec, const std::string& folder,
                                         const std::string& pattern) {
  const auto answer = as_command(spec, [&] {
    sys::Answer found;
    for (const auto& path : find_files(folder, pattern)) found.text.append(path) += '\0';
    return found;
  });
  std::vector<std::string> paths;
  std::istringstream rest(answer.text);
  for (std::string path; std::getline(rest, path, '\0');) paths.push_back(std::move(path));
  return paths;
}

/// Not waiting for the other end of a pipe; none where that is no file. Throws Error.
sys::Fd open_as_command(const ShardSpec& spec, const std::string& path) {
  auto answer = as_command(spec, [&] {
    sys::Answer opened;
    sys::Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    opened.text = std::to_string(file ? 0 : errno);
    if (file) opened.descriptors.push_back(std::move(file));
    return opened;
  });
  if (!answer.descriptors.empty()) return std::move(answer.descriptors.front());
  const int error = std::atoi(answer.text.c_str());
  if (error == ENOENT || error == ENXIO) return {};
  throw Error(sys::errno_code(error), fmt::format("reading {}", sys::escape(path)));
}

}  // namespace

JunitCollector::JunitCollector(const FleetSpec& spec, std::vector<std::string> patterns)
    : spec_(spec), patterns_(std::move(patterns)) {
  if (!spec.shard.artifacts.empty()) return;
  for (const auto& pattern : patterns_) {
    if (is_own(pattern)) continue;
    throw UsageError(fmt::format("--collect-junit {}: shards that run at once would all write there",
                                 sys::escape(pattern)),
                     "Put {index}, {name} or {id} into it, or add --artifacts DIR and let each write into "
                     "$NSLAUNCH_ARTIFACTS.");
  }
}

/// Whether what fits it in a place that all shards share can only be one shard's.
bool JunitCollector::is_own(const std::string& pattern) const {
  const TemplateValues one{.index = 1, .total = 2, .name = "a", .id = "a", .line = "a"};
  const TemplateValues other{.index = 2, .total = 2, .name = "b", .id = "b", .line = "b"};
  const bool alone = spec_.jobs == 1 || (spec_.parts.size() == 1 && spec_.repeat == 1 && !spec_.until_fail);
  return alone || expand(pattern, one) != expand(pattern, other);
}

std::vector<std::string> JunitCollector::files_of(const PartResult& part, const Attempt& attempt) const {
  TemplateValues values{.index = part.part.index,
                        .total = part.part.total,
                        .name = as_pattern(part.part.name),
                        .id = attempt.id};
  if (part.part.line) values.line = as_pattern(*part.part.line);
  std::vector<std::string> files;
  for (const auto& pattern : patterns_) {
    const auto expanded = expand(pattern, values);
    const auto look_in = [&](const std::string& folder) {
      auto found = find_as_command(spec_.shard, folder, expanded);
      std::move(found.begin(), found.end(), std::back_inserter(files));
    };
    if (is_own(pattern)) look_in(spec_.shard.workdir.empty() ? "." : spec_.shard.workdir);
    if (!attempt.folder.empty() && !expanded.starts_with('/')) look_in(attempt.folder);
  }
  return files;
}

void JunitCollector::take(const std::string& path, const Attempt& attempt) {
  const auto file = open_as_command(spec_.shard, path);
  struct stat status = {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  const auto written_at = in_milliseconds(status.st_mtim);
  if (written_at < attempt.started_at - kTick) return;
  if (!taken_.emplace(status.st_dev, status.st_ino, written_at).second) return;
  const auto text = sys::read_rest(file.get(), kLargest);
  if (!text) throw Error(sys::errno_code(errno), fmt::format("reading {}", sys::escape(path)));
  auto& cases = cases_[attempt.id];
  for (auto& suite : parse_junit(*text, path))
    std::move(suite.cases.begin(), suite.cases.end(), std::back_inserter(cases));
}

void JunitCollector::ended(const PartResult& part, const Attempt& attempt,
                           const std::function<void(std::string_view)>& warn) {
  if (!attempt.started) return;
  // Of those that passed only their number is kept.
  if (spec_.until_fail && has_passed(attempt.status, spec_.shard)) return;
  const auto attempt_to = [&](const auto& work) {
    try {
      work();
    } catch (const Error& error) {
      warn(fmt::format("not taken into the JUnit report: {}", error.what()));
    }
  };
  std::vector<std::string> files;
  attempt_to([&] { files = files_of(part, attempt); });
  for (const auto& path : files) attempt_to([&] { take(path, attempt); });
}

}  // namespace nslaunch::run
