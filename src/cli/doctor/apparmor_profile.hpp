#pragma once

#include <string>

namespace nslaunch::cli {

/// The path of this very program's file. Throws Error where it has none any more.
std::string own_path();

/// A profile that gives the program at `path` user namespaces where AppArmor keeps them from others
/// (kernel.apparmor_restrict_unprivileged_userns=1), as AppArmor 4 reads it. Throws Error for a path that
/// can't stand in one.
std::string apparmor_profile(const std::string& path);

}  // namespace nslaunch::cli
