#include "cli/choose.hpp"

#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>

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

}  // namespace nslaunch::test
