#pragma once

#include "shard/init/building.hpp"

namespace nslaunch::shard {

/// Init's step that mounts what the plan's overlays show. Before /tmp is covered: what stays visible of it
/// brings the mounts below it along, and what is kept is found by its name.
void mount_overlays(Building& building);

/// Init's step that mounts the shard's /tmp, when what is kept of the host's has been opened.
void mount_tmp(Building& building);
/// Init's step that shows what is kept.
void keep_paths(Building& building);
/// Init's step that mounts what --private asks for.
void mount_private_paths(Building& building);

}  // namespace nslaunch::shard
