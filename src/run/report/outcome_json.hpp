#pragma once

#include <nlohmann/json_fwd.hpp>
#include <nslaunch/outcome.hpp>

namespace nslaunch::run {

/// Adds the keys that docs/report.md lists for the end of a shard, from "isolation" on.
void add_outcome(nlohmann::ordered_json& json, const Outcome& outcome);

}  // namespace nslaunch::run
