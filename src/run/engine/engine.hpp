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

/// More parts than any suite has: a larger number was meant for something else.
constexpr unsigned kMostParts = 1'000'000;

/// The part that a CI engine or a cluster assigns to this process.
struct EnginePart : ShardNumber {
  std::string engine;       ///< "GitLab CI (CI_NODE_INDEX, CI_NODE_TOTAL)"
  std::string status_file;  ///< to be touched by a program that honours the part; empty: none (Bazel only)
};

/// The variables in which an engine gives a job its part, by name.
struct Engine {
  const char* name;
  const char* index;
  unsigned first;  ///< the index of the first part
  const char* total;
  const char* status_file = nullptr;
  /// For an engine that gives the index and leaves the total to its user: where to set it.
  const char* without_total = nullptr;
};

std::span<const Engine> engines();

/// An empty variable counts as not set: forwarding one (`docker run -e`) leaves it empty.
std::optional<std::string> engine_variable(const std::vector<std::string>& environment, const char* name);

/// "CI_NODE_INDEX=5, CI_NODE_TOTAL is not set"
std::string show_variables(const std::vector<std::string>& environment,
                           const std::vector<const char*>& names);

/// The part from an engine that has set its index or its total. Throws UsageError if the values make no
/// sense.
EnginePart read_engine(const Engine& engine, const std::vector<std::string>& environment);

/// Reads the variables of every known engine. If several report that they have split the run, or none reports
/// anything, or what one reports makes no sense, throws UsageError with advice. An engine that has
/// split nothing (1 of 1) does not count beside another.
EnginePart detect_engine(const std::vector<std::string>& environment);

/// "2/4". Throws UsageError beginning with `option`.
ShardNumber parse_shard(std::string_view text, const std::string& option = "--shard");

}  // namespace nslaunch
