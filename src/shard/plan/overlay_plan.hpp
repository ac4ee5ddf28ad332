#pragma once

#include "shard/plan/plan.hpp"

namespace nslaunch::shard {

/// Sets the paths of the plan's overlays to the names that mountinfo will show, and sorts each directory
/// before those below it. Creates nothing. Throws UsageError if a directory can't be covered, or its changes
/// can't be kept where requested.
void check_overlays(Plan& plan);

/// Creates the directories that keep changes, and decides what is shown through an overlay unchanged. Must be
/// called when the plan's other directories are known. `before_making` receives the directories that
/// overlayfs works in, each before and after it is made. Throws UsageError or Error.
void make_overlay_directories(Plan& plan, const sys::BeforeMaking& before_making);

}  // namespace nslaunch::shard
