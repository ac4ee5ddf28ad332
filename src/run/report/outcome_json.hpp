#pragma once

#include <nlohmann/json_fwd.hpp>
#include <nslaunch/outcome.hpp>

namespace nslaunch::run {

/// Adds what docs/report.md has of a shard's end, "isolation" and all that follows.
void add_outcome(nlohmann::ordered_json& json, const Outcome& outcome);

}  // namespace nslaunch::run
