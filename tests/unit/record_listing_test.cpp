#include "registry/record/record_listing.hpp"

#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>

namespace nslaunch::test {

TEST_CASE("what a child has read of records arrives whole, whatever a file is called") {
  ShardEntry live;
  live.record.id = "aaaa1111";
  live.record.command = {"sh", "-c", "exit 1"};
  live.record.launcher.pid = 7;
  live.record.launcher.boot_id = live.record.init.boot_id = "11111111-2222-3333-4444-555555555555";
  live.state = ShardState::kOrphaned;
  live.foreign = true;
  live.path = "/tmp/nslaunch-1/aaaa1111.shard";
  ShardEntry sick;
  sick.record.id = "\xff\n";
  sick.path = "/tmp/nslaunch-1/\xff\n.shard";
  sick.problem = "damaged";
  const auto listing = registry::listing_of(registry::to_text({{live, sick}, {"a warning"}}));
  REQUIRE(listing.entries.size() == 2);
  CHECK(listing.entries[0].record.command == live.record.command);
  CHECK(listing.entries[0].record.launcher == live.record.launcher);
  CHECK(listing.entries[0].state == ShardState::kOrphaned);
  CHECK(listing.entries[0].foreign);
  CHECK(listing.entries[1].record.id == sick.record.id);
  CHECK(listing.entries[1].path == sick.path);
  CHECK(listing.entries[1].problem == "damaged");
  CHECK(listing.entries[1].state == ShardState::kUnreadable);
  CHECK(listing.warnings == std::vector<std::string>{"a warning"});
  CHECK_THROWS_AS(registry::listing_of("no such text"), Error);
}

}  // namespace nslaunch::test
