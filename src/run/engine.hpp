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

/// More parts than any suite has: beyond, a number has got into the wrong place.
constexpr unsigned kMostParts = 1'000'000;

/// What a CI engine or a cluster says that this process is.
struct EnginePart : ShardNumber {
  std::string engine;       ///< "GitLab CI (CI_NODE_INDEX, CI_NODE_TOTAL)"
  std::string status_file;  ///< whoever honours the part has to touch it; empty: none (Bazel's only)
};

/// Reads the variables of every engine that is known. Where several say that they have split the run, or none
/// does, or what one says makes no sense, a UsageError names the variables and says what to do. An engine
/// that has split nothing (1 of 1) does not count beside another.
EnginePart detect_engine(const std::vector<std::string>& environment);

/// "2/4". Throws UsageError beginning with `option`.
ShardNumber parse_shard(std::string_view text, const std::string& option = "--shard");

}  // namespace nslaunch
