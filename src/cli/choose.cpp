#include "cli/choose.hpp"

#include <unistd.h>
#include <nslaunch/error.hpp>

#include <algorithm>
#include <map>
#include <optional>

#include "cli/options.hpp"
#include "cli/users.hpp"
#include "registry/names.hpp"
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
  if (word.empty()) return {};
  auto found = those_that(shards, [&](const ShardRecord& record) { return record.id == word; });
  if (found.empty())
    found = those_that(shards, [&](const ShardRecord& record) { return record.name == word; });
  if (found.empty())
    found = those_that(shards, [&](const ShardRecord& record) { return record.id.starts_with(word); });
  return found;
}

/// The user in "USER/SHARD", where there is one.
std::optional<uid_t> user_in(const std::string& word) {
  const auto slash = word.find('/');
  return slash == std::string::npos ? std::nullopt : find_uid(word.substr(0, slash));
}

/// What others call their shards is theirs to choose: it takes nothing away, neither from us nor from a third
/// user.
Found find_all(std::span<const ShardEntry> shards, const std::string& word, uid_t self) {
  std::map<uid_t, Found> of_users;
  for (const auto& shard : shards) {
    const auto& record = shard.record;
    if (record.uid == self || registry::is_valid_id(record.id)) of_users[record.uid].push_back(&shard);
  }
  auto found = those_called(of_users[self], word);
  if (!found.empty()) return found;
  if (const auto user = user_in(word)) return those_called(of_users[*user], word.substr(word.find('/') + 1));
  of_users.erase(self);
  for (const auto& [user, theirs] : of_users) {
    const auto meant = those_called(theirs, word);
    found.insert(found.end(), meant.begin(), meant.end());
  }
  return found;
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
  std::string words;
  for (const auto* shard : found)
    words += (words.empty() ? "" : ", ") + registry::word_for(shard->record, self);
  throw UsageError(fmt::format("'{}' means {} shards", sys::escape(word), found.size()),
                   "say which: " + words);
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
