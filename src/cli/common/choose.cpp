#include "cli/common/choose.hpp"

#include <unistd.h>
#include <nslaunch/error.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "cli/common/options.hpp"
#include "cli/common/users.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"

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

/// The user in "USER/SHARD", if there is one.
std::optional<uid_t> user_in(const std::string& word) {
  const auto slash = word.find('/');
  return slash == std::string::npos ? std::nullopt : find_uid(word.substr(0, slash));
}

/// Other users choose the names of their shards freely, so these names must not hide our shards or a third
/// user's.
Found find_all(std::span<const ShardEntry> shards, const std::string& word, uid_t self) {
  std::map<uid_t, Found> of_users;
  for (const auto& shard : shards) {
    const auto& record = shard.record;
    if (record.uid == self || is_valid_id(record.id)) of_users[record.uid].push_back(&shard);
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

/// The lists in which the words are looked up. Each is read once, with warnings of problems in it.
class Listings {
 public:
  /// Other users' records are read only if the word may mean one of them, and only one user's if it names the
  /// user: their number, too, is chosen by those users.
  const std::vector<ShardEntry>& for_word(const std::string& word) {
    const uid_t self = ::geteuid();
    const auto& own = once("own", [](auto& warnings) { return list_shards(false, warnings); });
    if (self != 0 || !find_all(own, word, self).empty()) return own;
    if (const auto user = user_in(word))
      return once(std::to_string(*user), [&](auto& warnings) { return list_shards_of(*user, warnings); });
    return once("all", [](auto& warnings) { return list_shards(true, warnings); });
  }

 private:
  template <typename List>
  const std::vector<ShardEntry>& once(const std::string& whose, List list) {
    const auto known = listed_.find(whose);
    if (known != listed_.end()) return known->second;
    std::vector<std::string> warnings;
    const auto& shards = listed_.emplace(whose, list(warnings)).first->second;
    for (const auto& warning : warnings) {
      if (warned_.insert(warning).second) sys::warn(sys::escape(warning));
    }
    return shards;
  }

  std::map<std::string, std::vector<ShardEntry>> listed_;
  std::set<std::string> warned_;
};

}  // namespace

const ShardEntry& choose_shard(std::span<const ShardEntry> shards, const std::string& word, uid_t self) {
  const auto found = find_all(shards, word, self);
  if (found.empty()) none_found(shards, word);
  if (found.size() == 1) return *found.front();
  std::string words;
  for (const auto* shard : found) words += (words.empty() ? "" : ", ") + word_for(shard->record, self);
  throw UsageError(fmt::format("'{}' means {} shards", sys::escape(word), found.size()),
                   "say which: " + words);
}

std::vector<ShardEntry> choose_shards(std::span<const std::string> words) {
  Listings listings;
  std::vector<ShardEntry> shards;
  for (const auto& word : words) {
    const auto& shard = choose_shard(listings.for_word(word), word, ::geteuid());
    if (shard.record.uid != ::geteuid())
      sys::say(fmt::format("shard {} is user {}'s", sys::escape(shard.record.id), shard.record.uid));
    shards.push_back(shard);
  }
  return shards;
}

void warn_of_unreadable(std::span<const ShardEntry> shards) {
  for (const auto& shard : shards) {
    if (shard.state != ShardState::kUnreadable) continue;
    const auto remedy = remedy_of(shard);
    sys::warn(fmt::format("the record {} is unreadable: {}{}{}", sys::escape(shard.path), shard.problem,
                          remedy.empty() ? "" : "; ", remedy));
  }
}

}  // namespace nslaunch::cli
