#pragma once

#include <chrono>
#include <vector>

#include "run/doctor/diagnosis.hpp"

namespace nslaunch::run {

/// Those that need a shard are not tried where none can be had.
std::vector<Extra> try_extras(bool shards_work, std::chrono::milliseconds patience);

}  // namespace nslaunch::run
