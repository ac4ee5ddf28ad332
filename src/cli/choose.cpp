#include "cli/choose.hpp"

#include <unistd.h>
#include <nslaunch/error.hpp>

#include <algorithm>

#include "cli/options.hpp"
#include "registry/unreadable.hpp"
#include "sys/check.hpp"
#include "sys/log.hpp"
#include "sys/text.hpp"

namespace nslaunch::cli {
namespace {

using Found = std::vector<const ShardEntry*>;

template <typename Fits>
Found those_that(const Found& shards, Fits fits) {
  Found found;
  for (const auto* shard : shards) {
    if (fits(shard->record)) found.push_back(shard);
  }
  return found;
}

Found those_called(const Found& shards, const std::string& word) {
  auto found = those_that(shards, [&](const ShardRecord& record) { return record.id == word; });
  if (found.empty())
    found = those_that(shards, [&](const ShardRecord& record) { return record.name == word; });
  if (found.empty() && !word.empty())
    found = those_that(shards, [&](const ShardRecord& record) { return record.id.starts_with(word); });
  return found;
}

/// What others call their shards is theirs to choose.
Found find_all(std::span<const ShardEntry> shards, const std::string& word, uid_t self) {
  Found own;
  Found others;
  for (const auto& shard : shards) (shard.record.uid == self ? own : others).push_back(&shard);
  auto found = those_called(own, word);
  return found.empty() ? those_called(others, word) : found;
}

[[noreturn]] void none_found(std::span<const ShardEntry> shards, const std::string& word) {
  std::vector<std::string> known;
  for (const auto& shard : shards) {
    known.push_back(shard.record.id);
    if (!shard.record.name.empty()) known.push_back(shard.record.name);
  }
  const auto near = suggest(word, known);
  throw UsageError(fmt::format("there is no shard '{}'", sys::escape(word)),
                   near ? fmt::format("did you mean '{}'?", sys::escape(*near))
                        : "to see those that there are, run: nslaunch list");
}

/// Others' records are read only where one may be meant: how many there are is theirs to choose, too.
std::vector<ShardEntry> list_those_meant(std::span<const std::string> words,
                                         std::vector<std::string>& warnings) {
  const uid_t self = ::geteuid();
  auto own = list_shards(false, warnings);
  const auto is_own = [&](const std::string& word) { return !find_all(own, word, self).empty(); };
  if (self != 0 || std::all_of(words.begin(), words.end(), is_own)) return own;
  warnings.clear();
  return list_shards(true, warnings);
}

}  // namespace

const ShardEntry& choose_shard(std::span<const ShardEntry> shards, const std::string& word, uid_t self) {
  const auto found = find_all(shards, word, self);
  if (found.empty()) none_found(shards, word);
  if (found.size() == 1) return *found.front();
  std::string ids;
  for (const auto* shard : found) ids += (ids.empty() ? "" : ", ") + sys::escape(shard->record.id);
  throw UsageError(fmt::format("'{}' means {} shards", sys::escape(word), found.size()), "say which: " + ids);
}

std::vector<ShardEntry> choose_shards(std::span<const std::string> words) {
  std::vector<std::string> warnings;
  const auto known = list_those_meant(words, warnings);
  for (const auto& warning : warnings) sys::warn(sys::escape(warning));
  std::vector<ShardEntry> shards;
  for (const auto& word : words) {
    const auto& shard = choose_shard(known, word, ::geteuid());
    if (shard.record.uid != ::geteuid())
      sys::say(fmt::format("shard {} is user {}'s", sys::escape(shard.record.id), shard.record.uid));
    shards.push_back(shard);
  }
  return shards;
}

void warn_of_unreadable(std::span<const ShardEntry> shards) {
  for (const auto& shard : shards) {
    if (shard.state != ShardState::kUnreadable) continue;
    const auto remedy = registry::remedy_of(shard);
    sys::warn(fmt::format("the record {} is unreadable: {}{}{}", sys::escape(shard.path), shard.problem,
                          remedy.empty() ? "" : "; ", remedy));
  }
}

}  // namespace nslaunch::cli
