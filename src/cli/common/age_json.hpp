#pragma once

#include <nlohmann/json.hpp>

#include "inspect/snapshot/shard.hpp"

namespace nslaunch::cli {

/// In milliseconds; null if the process does not let its times be read.
inline nlohmann::ordered_json age_as_json(const sys::ProcessStat& stat) {
  const auto age = inspect::age_of(stat);
  return age ? nlohmann::ordered_json(age->count()) : nlohmann::ordered_json();
}

}  // namespace nslaunch::cli
