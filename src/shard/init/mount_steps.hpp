#pragma once

#include "shard/init/building.hpp"

namespace nslaunch::shard {

/// Init's step that mounts the plan's overlays. Before /tmp is covered: what stays visible of it brings the
/// mounts below it along, and what is kept is found by its name.
void mount_overlays(Building& building);

/// Init's step that mounts the shard's /tmp, once what is kept of the host's is open.
void mount_tmp(Building& building);
/// Init's step that binds what is kept.
void keep_paths(Building& building);
/// Init's step that mounts what --private asks for.
void mount_private_paths(Building& building);

}  // namespace nslaunch::shard
