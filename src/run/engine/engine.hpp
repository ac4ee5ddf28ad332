#pragma once

#include <optional>
#include <span>
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

/// How an engine tells a job which part it is: the names of its variables.
struct Engine {
  const char* name;
  const char* index;
  unsigned first;  ///< the index of the first part
  const char* total;
  const char* status_file = nullptr;
  /// For one that tells the index and leaves the total to its user: where to set it.
  const char* without_total = nullptr;
};

std::span<const Engine> engines();

/// An empty variable counts as not set: passing one on (`docker run -e`) leaves it so.
std::optional<std::string> engine_variable(const std::vector<std::string>& environment, const char* name);

/// "CI_NODE_INDEX=5, CI_NODE_TOTAL is not set"
std::string show_variables(const std::vector<std::string>& environment,
                           const std::vector<const char*>& names);

/// What an engine says that has set its index or its total. Throws UsageError where that makes no sense.
EnginePart read_engine(const Engine& engine, const std::vector<std::string>& environment);

/// Reads the variables of every engine that is known. Where several say that they have split the run, or none
/// does, or what one says makes no sense, a UsageError names the variables and says what to do. An engine
/// that has split nothing (1 of 1) does not count beside another.
EnginePart detect_engine(const std::vector<std::string>& environment);

/// "2/4". Throws UsageError beginning with `option`.
ShardNumber parse_shard(std::string_view text, const std::string& option = "--shard");

}  // namespace nslaunch
