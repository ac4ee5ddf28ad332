#include <nslaunch/engine.hpp>
#include <nslaunch/error.hpp>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch {
namespace {

std::vector<std::string> numbered(const char* index_name, unsigned index, const char* total_name,
                                  unsigned total) {
  return {fmt::format("{}={}", index_name, index), fmt::format("{}={}", total_name, total)};
}

}  // namespace

std::vector<std::string> shard_variables(std::string_view kind, const ShardNumber& part, bool splits_here,
                                         const std::string& option) {
  const auto index0 = part.index - 1;
  // No TEST_SHARD_STATUS_FILE: a runner answers Bazel with it, and nothing here waits for the answer.
  if (kind == "bazel") return numbered("TEST_SHARD_INDEX", index0, "TEST_TOTAL_SHARDS", part.total);
  if (kind == "gtest") return numbered("GTEST_SHARD_INDEX", index0, "GTEST_TOTAL_SHARDS", part.total);
  if (kind == "ci-node") return numbered("CI_NODE_INDEX", part.index, "CI_NODE_TOTAL", part.total);
  if (kind == "harper") {
    // It overrides the --shard of Harper's runner, which on a CI engine names a part of its own.
    if (!splits_here) {
      throw UsageError(
          fmt::format("{} harper: it overrides the --shard that Harper's own runner is given", option),
          "It goes with --shards N, where nslaunch splits the run. Here give the runner --shard "
          "{index}/{total}");
    }
    return {fmt::format("HARPER_INTEGRATION_TEST_SHARD={}/{}", part.index, part.total)};
  }
  throw UsageError(
      fmt::format("{}: '{}' is not one of bazel, gtest, harper, ci-node", option, sys::escape(kind)),
      "Any other variable: --env NAME={index}, {index0} or {total}");
}

}  // namespace nslaunch
