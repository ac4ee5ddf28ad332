#pragma once

#include <string>

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

}  // namespace nslaunch
