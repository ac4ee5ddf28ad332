#pragma once

#include "shard/init/building.hpp"

namespace nslaunch::shard {

/// Init's step that mounts what the plan's overlays show. Before /tmp is covered: what stays visible of it
/// brings the mounts below it along, and what is kept is found by its name.
void mount_overlays(Building& building);

}  // namespace nslaunch::shard
