#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "run/engine/engine_part.hpp"

namespace nslaunch {

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

}  // namespace nslaunch
