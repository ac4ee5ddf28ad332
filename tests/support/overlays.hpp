#pragma once

#include <string>

namespace nslaunch::test {

/// Whether an overlay whose changes are not kept can be had: an ordinary user needs Linux 6.6.
bool overlays_are_had();
/// Ends the test as skipped where it can't.
void need_overlays();
/// The same for a view that root has mounted for an ordinary user.
void need_overlays_for_users();
/// Ends the test as skipped where `directory` lies on an overlayfs, which can't hold the changes of another.
void need_room_for_changes(const std::string& directory);

}  // namespace nslaunch::test
