#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "registry/place/as_user.hpp"
#include "registry/place/names.hpp"
#include "registry/reap/reaper.hpp"
#include "registry/record/published_record.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::registry {
namespace {

/// For all orphans of a directory together, and the minimum for each.
constexpr std::chrono::milliseconds kEndLimit{5000};
constexpr std::chrono::milliseconds kLeastEndLimit{50};
/// For another user's directory: that user may block us.
constexpr std::chrono::seconds kDirectoryLimit{10};

/// A result as reported by a child that works for another user: problems are escaped, so one line each.
std::string to_text(const ReapResult& result) {
  std::string text = fmt::format("{} {}\n", result.removed, result.ended);
  for (const auto& problem : result.problems) text += sys::escape(problem) + '\n';
  return text;
}

void add_text(const std::string& text, ReapResult& sum) {
  std::istringstream lines(text);
  ReapResult part;
  lines >> part.removed >> part.ended >> std::ws;
  sum.removed += part.removed;
  sum.ended += part.ended;
  for (std::string line; std::getline(lines, line);) sum.problems.push_back(sys::escape(line));
}

/// One entry, or with an empty `only` the whole directory.
ReapResult reap_directory(const Directory& directory, const std::string& only) {
  if (::faccessat(directory.fd.get(), ".", W_OK, AT_EACCESS) != 0) {
    const auto why = sys::errno_code(errno).message();
    return {0, 0, {fmt::format("nothing can be removed from {}: {}", sys::escape(directory.path), why)}};
  }
  Reaper reaper(true);
  if (!only.empty()) {
    reaper.reap(directory, only.c_str(), DT_UNKNOWN, kEndLimit);
    return reaper.result();
  }
  const sys::Deadline deadline(kEndLimit);
  each_entry(directory, [&](const char* name, unsigned char type) {
    reaper.reap(directory, name, type,
                std::max(kLeastEndLimit, std::chrono::milliseconds(deadline.poll_timeout())));
    return true;
  });
  return reaper.result();
}

void reap_as_owner(const Directory& directory, const std::string& only, ReapResult& sum) {
  try {
    const auto work = [&] { return to_text(reap_directory(directory, only)); };
    const auto first = sum.problems.size();
    add_text(as_user(directory.owner, kDirectoryLimit, work, {directory.fd.get()}), sum);
    if (directory.owner == ::geteuid()) return;
    for (auto at = first; at < sum.problems.size(); ++at)  // with paths of that user's choice
      sum.problems[at] =
          fmt::format("user {}'s, and for that user to mend: {}", directory.owner, sum.problems[at]);
  } catch (const Error& error) {
    sum.problems.push_back(fmt::format("{}: {}", sys::escape(directory.path), error.what()));
  }
}

void sweep_own_directories(const SweepLimits& limits) {
  struct Budget {
    std::size_t left;
    sys::Deadline deadline;
  };
  Budget for_records{limits.records, sys::Deadline(limits.time)};
  // After the wait for an orphan's end no time is left; what was left elsewhere is removed all the same.
  Budget for_notes{limits.notes, sys::Deadline(limits.time_for_notes)};
  std::vector<std::string> ignored;
  Reaper reaper(false);
  for (const auto& directory : open_own_directories(ignored)) {
    each_entry(directory, [&](const char* name, unsigned char type) {
      const auto kind = kind_of(name);
      if (kind != NameKind::kRecord && kind != NameKind::kTemporary && kind != NameKind::kNote) return true;
      auto& budget = kind == NameKind::kNote ? for_notes : for_records;
      if (budget.left == 0 || budget.deadline.passed()) return true;
      const std::chrono::milliseconds patience(for_records.deadline.poll_timeout());
      if (reaper.reap(directory, name, type, patience)) --budget.left;
      return true;
    });
  }
}

}  // namespace

void sweep(const SweepLimits& limits) noexcept {
  try {
    sweep_own_directories(limits);
  } catch (const std::exception&) {  // a sick registry never stops a run; `list` and `reap` report more
  }
}

}  // namespace nslaunch::registry

namespace nslaunch {

void sweep_registry() noexcept {
  registry::sweep({.records = 10'000, .time = std::chrono::seconds{1}});
}

ReapResult reap_shards(bool all_users) {
  ReapResult sum;
  for (const auto& directory : registry::open_directories(all_users, sum.problems)) {
    registry::reap_as_owner(directory, {}, sum);
  }
  return sum;
}

ReapResult reap_shard(const ShardEntry& entry) {
  ReapResult result;
  const auto slash = entry.path.rfind('/');
  if (entry.state == ShardState::kUnreadable || slash == std::string::npos) return result;
  std::string problem;
  const auto directory = registry::open_directory({entry.path.substr(0, slash), entry.record.uid}, problem);
  if (directory) registry::reap_as_owner(*directory, entry.path.substr(slash + 1), result);
  if (!problem.empty()) result.problems.push_back(problem);
  return result;
}

}  // namespace nslaunch
