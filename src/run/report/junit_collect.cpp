#include "run/report/junit_collect.hpp"

#include <nslaunch/error.hpp>

#include <algorithm>
#include <iterator>

#include "run/part/status.hpp"
#include "run/part/templates.hpp"
#include "run/report/find_files.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::run {
namespace {

/// A file's times are those of the last clock tick: up to 10 ms before the time of day.
constexpr std::int64_t kTick = 10;

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
  // Of those that passed only their number is kept.
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
