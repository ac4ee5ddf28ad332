#pragma once

#include <nslaunch/fleet.hpp>

#include <string>

#include "run/part/schedule.hpp"
#include "run/part/templates.hpp"

namespace nslaunch::run {

/// In a path, each word becomes one component, unique to this word: a list may be another user's, and must
/// not reach another directory.
TemplateValues values_in_path(TemplateValues values);

/// What one attempt at a part runs: the fleet's shard with an id of its own, the part's numbers and its
/// templates expanded.
ShardSpec spec_of(const FleetSpec& fleet, const Part& part, const Turn& turn);

/// Throws UsageError if several shards would write to one file or listen on one port.
void check_fleet(const FleetSpec& fleet);

}  // namespace nslaunch::run
