#pragma once

#include <nslaunch/fleet.hpp>

#include <string>

#include "run/part/schedule.hpp"
#include "run/part/templates.hpp"

namespace nslaunch::run {

/// In a path each word is one name, and no other word is: a list may be another user's, and leads to no other
/// directory.
TemplateValues values_in_path(TemplateValues values);

/// What one attempt at a part is to run: the fleet's shard with an id of its own, the part's numbers and its
/// templates filled in.
ShardSpec spec_of(const FleetSpec& fleet, const Part& part, const Turn& turn);

/// Throws UsageError where all shards would write to one file or listen on one port.
void check_fleet(const FleetSpec& fleet);

}  // namespace nslaunch::run
