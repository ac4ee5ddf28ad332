#include <nslaunch/engine.hpp>

#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>

namespace nslaunch {
namespace {

using Catch::Matchers::Contains;
using Variables = std::vector<std::string>;

constexpr ShardNumber kSecondOfFour{2, 4};

}  // namespace

TEST_CASE("each kind of runner learns its part in its own variables and counts") {
  CHECK(shard_variables("bazel", kSecondOfFour, false) ==
        Variables{"TEST_SHARD_INDEX=1", "TEST_TOTAL_SHARDS=4"});
  CHECK(shard_variables("gtest", kSecondOfFour, false) ==
        Variables{"GTEST_SHARD_INDEX=1", "GTEST_TOTAL_SHARDS=4"});
  CHECK(shard_variables("ci-node", kSecondOfFour, false) == Variables{"CI_NODE_INDEX=2", "CI_NODE_TOTAL=4"});
  CHECK(shard_variables("harper", kSecondOfFour, true) == Variables{"HARPER_INTEGRATION_TEST_SHARD=2/4"});
  CHECK(shard_variables("bazel", {}, true) == Variables{"TEST_SHARD_INDEX=0", "TEST_TOTAL_SHARDS=1"});
}

TEST_CASE("Harper's variable is refused where not nslaunch splits the run") {
  CHECK_THROWS_WITH(shard_variables("harper", kSecondOfFour, false), Contains("--shard-env harper"));
  CHECK_THROWS_AS(shard_variables("harper", kSecondOfFour, false), UsageError);
}

TEST_CASE("a kind of runner that is not known is refused with those that are") {
  CHECK_THROWS_WITH(shard_variables("jest", kSecondOfFour, false),
                    Contains("'jest' is not one of bazel, gtest, harper, ci-node"));
  CHECK_THROWS_WITH(shard_variables("", {}, false, "NSLAUNCH_OPT_SHARD_ENV"),
                    Contains("NSLAUNCH_OPT_SHARD_ENV: ''"));
}

}  // namespace nslaunch
