#pragma once

#include <nslaunch/fleet.hpp>
#include <nslaunch/templates.hpp>

#include <string>

#include "run/part/schedule.hpp"

namespace nslaunch::run {

/// In a path, each word becomes one component, unique to this word: a list may be another user's, and must
/// not reach another directory.
TemplateValues values_in_path(TemplateValues values);

/// What one attempt at a part runs: the fleet's shard with an id of its own, the part's numbers and its
/// templates expanded.
ShardSpec spec_of(const FleetSpec& fleet, const Part& part, const Turn& turn);

}  // namespace nslaunch::run
