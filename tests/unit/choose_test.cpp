#include "cli/common/choose.hpp"

#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>
#include <set>

namespace nslaunch::test {
namespace {

ShardEntry shard(const std::string& id, const std::string& name, uid_t owner,
                 ShardState state = ShardState::kRunning) {
  ShardEntry entry;
  entry.record.id = id;
  entry.record.name = name;
  entry.record.uid = owner;
  entry.state = state;
  return entry;
}

/// Whose shard root means by a word.
uid_t owner_of(const std::vector<ShardEntry>& shards, const std::string& word) {
  return cli::choose_shard(shards, word, 0).record.uid;
}

/// What root is told to type instead of a word that means several.
std::vector<std::string> candidates(const std::vector<ShardEntry>& shards, const std::string& word) {
  try {
    return {"taken for that of user " + std::to_string(owner_of(shards, word))};
  } catch (const UsageError& error) {
    const auto list = error.advice().substr(std::string("say which: ").size());
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin < list.size(); begin += words.back().size() + 2)
      words.push_back(list.substr(begin, list.find(", ", begin) - begin));
    return words;
  }
}

}  // namespace

TEST_CASE("what others call their shards takes no name away from one's own") {
  const std::vector<ShardEntry> shards = {shard("web-review", "", 1001), shard("aaaa1111", "web-review", 0),
                                          shard("aaaa1111", "", 1001),   shard("aaaa", "", 1001),
                                          shard("cccc", "mine", 1001),   shard("dddd", "", 1001),
                                          shard("dddd", "", 1002)};
  CHECK(owner_of(shards, "web-review") == 0);
  CHECK(owner_of(shards, "aaaa1111") == 0);
  CHECK(owner_of(shards, "aaaa") == 0);
  CHECK(owner_of(shards, "cccc") == 1001);
  CHECK(owner_of(shards, "mine") == 1001);
  CHECK_THROWS_AS(owner_of(shards, "dddd"), UsageError);
}

TEST_CASE("a word that means shards of several users is refused, and what is told to type means one each") {
  const std::vector<ShardEntry> shards = {shard("vic", "", 1001),         shard("aaaa1111", "vic", 1002),
                                          shard("vic9", "", 1003),        shard("bbbb1111", "", 1004),
                                          shard("bbbb1111", "", 1005),    shard("1002/vic", "", 1006),
                                          shard("cccc", "1002/vic", 1006)};
  const std::string called = GENERATE("vic", "vi", "bbbb1111", "bbbb");
  const auto words = candidates(shards, called);
  CAPTURE(called, words);
  REQUIRE(words.size() >= 2);
  std::set<uid_t> owners;
  for (const auto& word : words) owners.insert(owner_of(shards, word));
  CHECK(owners.size() == words.size());
  CHECK(owners == (called.starts_with("vi")
                       ? (called == "vi" ? std::set<uid_t>{1001, 1003} : std::set<uid_t>{1001, 1002, 1003})
                       : std::set<uid_t>{1004, 1005}));
}

TEST_CASE("a shard is said to be a user's by name or number, and means nobody else's then") {
  const std::vector<ShardEntry> shards = {
      shard("aaaa", "mine", 0),   shard("bbbb", "root/other", 1001), shard("cccc", "1002/other", 1001),
      shard("dddd", "2024/a", 0), shard("eeee", "tests/a.js", 1001), shard("", "", 1001)};
  CHECK(owner_of(shards, "0/mine") == 0);
  CHECK(owner_of(shards, "root/aa") == 0);
  CHECK(owner_of(shards, "1001/bbbb") == 1001);
  CHECK(owner_of(shards, "1001/root/other") == 1001);
  CHECK_THROWS_AS(owner_of(shards, "root/other"), UsageError);
  CHECK_THROWS_AS(owner_of(shards, "1002/other"), UsageError);
  CHECK(owner_of(shards, "2024/a") == 0);  // a name of one's own
  CHECK(owner_of(shards, "tests/a.js") == 1001);
  CHECK_THROWS_AS(owner_of(shards, "0/"), UsageError);
  CHECK_THROWS_AS(owner_of(shards, ""), UsageError);
}

TEST_CASE("another user's record with an id that none can have is nobody's choice") {
  const std::vector<ShardEntry> shards = {shard("vic; reboot", "vic", 1001), shard("aaaa", "vic", 1002)};
  CHECK(owner_of(shards, "vic") == 1002);
  CHECK_THROWS_AS(owner_of(shards, "vic;"), UsageError);
}

}  // namespace nslaunch::test
