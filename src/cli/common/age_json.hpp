#pragma once

#include <nlohmann/json.hpp>

#include "inspect/snapshot/shard.hpp"

namespace nslaunch::cli {

/// Milliseconds; null where the process lets nobody see them.
inline nlohmann::ordered_json age_as_json(const sys::ProcessStat& stat) {
  const auto age = inspect::age_of(stat);
  return age ? nlohmann::ordered_json(age->count()) : nlohmann::ordered_json();
}

}  // namespace nslaunch::cli
