#pragma once

#include "shard/plan/plan.hpp"

namespace nslaunch::shard {

/// Gives the paths of the plan's overlays the names that mountinfo will show, a directory before what lies
/// below it. Makes nothing. Throws UsageError where one can't be covered, or its changes can't be kept where
/// they are to be.
void check_overlays(Plan& plan);

/// Makes the directories that keep changes, and decides what is shown through an overlay as it is. To be
/// called when the plan's other directories are known. `before_making` is told of the directories that
/// overlayfs works in, by their paths (AT_FDCWD). Throws UsageError or Error.
void make_overlay_directories(Plan& plan, const sys::BeforeMaking& before_making);

}  // namespace nslaunch::shard
