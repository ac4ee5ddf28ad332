#pragma once

#include <nslaunch/registry.hpp>

#include <string>

namespace nslaunch::registry {

/// What to do about an unreadable record, with a command to paste; empty where there is nothing to say.
std::string remedy_of(const ShardEntry& entry);

/// Throws Error where the entry is unreadable, with what to do about it. `doing`: "looking into shard X".
void refuse_unreadable(const ShardEntry& entry, const std::string& doing);

}  // namespace nslaunch::registry
