#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nslaunch {

/// One of several equal parts of a run, counted from 1.
struct ShardNumber {
  unsigned index = 1;
  unsigned total = 1;

  friend bool operator==(const ShardNumber&, const ShardNumber&) = default;
};

/// More parts than any suite has: a larger number was meant for something else.
constexpr unsigned kMostParts = 1'000'000;

/// The part that a CI engine or a cluster assigns to this process.
struct EnginePart : ShardNumber {
  std::string engine;       ///< "GitLab CI (CI_NODE_INDEX, CI_NODE_TOTAL)"
  std::string status_file;  ///< to be touched by a program that honours the part; empty: none (Bazel only)
};

/// Reads the variables of every known engine in `environment`, NAME=VALUE. If several report that they have
/// split the run, or none reports anything, or what one reports makes no sense, throws UsageError with
/// advice. An engine that has split nothing (1 of 1) does not count beside another.
EnginePart detect_engine(const std::vector<std::string>& environment);

/// "2/4". Throws UsageError beginning with `option`.
ShardNumber parse_shard(std::string_view text, const std::string& option = "--shard");

/// The variables, as NAME=VALUE, by which test runners of one kind learn which part is theirs: "bazel" and
/// "gtest" count from 0, "harper" and "ci-node" from 1. `splits_here`: nslaunch itself runs all the parts
/// (FleetSpec::shard_env). Throws UsageError beginning with `option`.
std::vector<std::string> shard_variables(std::string_view kind, const ShardNumber& part, bool splits_here,
                                         const std::string& option = "--shard-env");

}  // namespace nslaunch
