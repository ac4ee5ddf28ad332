#include "run/report/junit_collect.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nslaunch/error.hpp>
#include <nslaunch/templates.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <optional>
#include <sstream>

#include "run/part/status.hpp"
#include "run/report/find_files.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch::run {
namespace {

constexpr std::chrono::seconds kReadingLimit{10};

std::int64_t in_milliseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

/// Follows no link of /proc, and does not wait for the other end of a FIFO. Empty if it is no regular file,
/// or not asked for.
std::optional<ReadFile> read_one(const std::string& path, const FileSearch& search, std::size_t most) {
  ReadFile read{.path = path};
  const auto file = sys::open_without_magic_links(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status = {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    read.error = errno;
    return errno == ENOENT || errno == ENXIO ? std::nullopt : std::optional(read);
  }
  // What the child may read about itself there is not the user's.
  if (sys::lies_in_proc(file.get())) return std::nullopt;
  read.version = {status.st_dev, status.st_ino, in_milliseconds(status.st_mtim)};
  if (!S_ISREG(status.st_mode) || std::get<2>(read.version) < search.not_before ||
      search.known.contains(read.version))
    return std::nullopt;
  auto text = sys::read_rest(file.get(), most);
  read.error = text ? 0 : errno;
  if (text) read.text = std::move(*text);
  return read;
}

std::vector<ReadFile> read_all(FileSearch search) {
  std::vector<ReadFile> files;
  std::size_t size = 0;
  for (const auto& [directory, pattern] : search.places) {
    const auto paths = find_files(directory, pattern);
    if (paths.size() == kMostFound) files.push_back({.path = pattern, .error = EFBIG});
    for (const auto& path : paths) {
      auto read = read_one(path, search, kMostRead - size);
      if (!read) continue;
      size += read->path.size() + read->text.size();
      if (size > kMostRead) {
        files.push_back({.path = path, .error = EFBIG});
        return files;
      }
      search.known.insert(read->version);
      files.push_back(std::move(*read));
    }
  }
  return files;
}

/// Runs in a child, which has another working directory.
std::vector<ReadFile> read_all_from(int working_directory, FileSearch search) {
  if (::fchdir(working_directory) == 0) return read_all(std::move(search));
  const int error = errno;  // the user has no access to it
  const auto closed = std::erase_if(search.places, [](const auto& place) {
    return !place.first.starts_with('/') && !place.second.starts_with('/');
  });
  auto files = read_all(std::move(search));
  if (closed > 0) files.push_back({.path = ".", .error = error});
  return files;
}

std::string pack(const std::vector<ReadFile>& files) {
  std::string packed;
  for (const auto& file : files) {
    const auto& [device, inode, time] = file.version;
    packed += fmt::format("{} {} {} {} {} {} ", file.error, device, inode, time, file.path.size(),
                          file.text.size());
    packed.append(file.path).append(file.text);
  }
  return packed;
}

std::vector<ReadFile> unpack(const std::string& packed) {
  std::vector<ReadFile> files;
  std::istringstream rest(packed);
  ReadFile file;
  auto& [device, inode, time] = file.version;
  for (std::size_t path = 0, text = 0; rest >> file.error >> device >> inode >> time >> path >> text;) {
    const auto start = static_cast<std::size_t>(rest.tellg()) + 1;
    // Subtracts, since sums may overflow: the user, who may control the child, may have chosen the numbers.
    const auto left = start < packed.size() ? packed.size() - start : 0;
    if (path > left || text > left - path) break;
    file.path = packed.substr(start, path);
    file.text = packed.substr(start + path, text);
    rest.seekg(static_cast<std::streamoff>(start + path + text));
    files.push_back(file);
  }
  return files;
}

/// File times are those of the last clock tick: up to 10 ms behind the system clock.
constexpr std::int64_t kTick = 10;

}  // namespace

std::vector<ReadFile> read_as_command(const ShardSpec& spec, const FileSearch& search) {
  const auto* user = other_user(spec);
  if (user == nullptr) return read_all(search);
  const auto here = sys::open_file(".", O_PATH | O_DIRECTORY);
  const auto answer =
      sys::as_user(user->uid, user->gid, {user->groups.begin(), user->groups.end()}, kReadingLimit,
                   [&] { return sys::Answer{pack(read_all_from(here.get(), search))}; }, sys::Signals::kEndIt,
                   {here.get()});
  return unpack(answer.text);
}

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

/// Whether matches in a place that all shards share can only belong to one shard.
bool JunitCollector::is_own(const std::string& pattern) const {
  const TemplateValues one{.index = 1, .total = 2, .name = "a", .id = "a", .line = "a"};
  const TemplateValues other{.index = 2, .total = 2, .name = "b", .id = "b", .line = "b"};
  const bool alone = spec_.jobs == 1 || (spec_.parts.size() == 1 && spec_.repeat == 1 && !spec_.until_fail);
  return alone || expand(pattern, one) != expand(pattern, other);
}

FileSearch JunitCollector::search_for(const PartResult& part, const Attempt& attempt) const {
  TemplateValues values{.index = part.part.index,
                        .total = part.part.total,
                        .name = as_pattern(part.part.name),
                        .id = attempt.id};
  if (part.part.line) values.line = as_pattern(*part.part.line);
  FileSearch search{.not_before = attempt.started_at - kTick, .known = taken_};
  for (const auto& pattern : patterns_) {
    const auto expanded = expand(pattern, values);
    if (is_own(pattern))
      search.places.emplace_back(spec_.shard.workdir.empty() ? "." : spec_.shard.workdir, expanded);
    if (!attempt.directory.empty() && !expanded.starts_with('/'))
      search.places.emplace_back(attempt.directory, expanded);
  }
  return search;
}

void JunitCollector::take(const ReadFile& file, const Attempt& attempt, JunitRoom& room) {
  if (file.error == EFBIG)
    throw Error(sys::errno_code(EFBIG),
                fmt::format("reading {} and what follows: more than {} paths or {}", sys::escape(file.path),
                            kMostFound, sys::format_size(kMostRead)));
  if (file.error != 0)
    throw Error(sys::errno_code(file.error), fmt::format("reading {}", sys::escape(file.path)));
  taken_.insert(file.version);
  auto& cases = cases_[attempt.id];
  for (auto& suite : parse_junit(file.text, file.path, room))
    std::move(suite.cases.begin(), suite.cases.end(), std::back_inserter(cases));
}

void JunitCollector::attempt_ended(const AttemptEnded& event) {
  const auto& attempt = event.attempt;
  if (!attempt.started) return;
  // Of parts that passed, only the number is kept.
  if (spec_.until_fail && has_passed(attempt.status, spec_.shard)) return;
  const auto attempt_to = [&](const auto& work) {
    try {
      work();
    } catch (const Error& error) {
      event.warn(fmt::format("not taken into the JUnit report: {}", error.what()));
    }
  };
  std::vector<ReadFile> files;
  attempt_to([&] {
    const auto search = search_for(event.part, attempt);
    if (!search.places.empty()) files = read_as_command(spec_.shard, search);
  });
  JunitRoom room;  // for all files of an attempt
  for (const auto& file : files) attempt_to([&] { take(file, attempt, room); });
}

}  // namespace nslaunch::run
