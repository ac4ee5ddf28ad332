#pragma once

#include <string>

namespace nslaunch::cli {

/// The path of this program's file. Throws Error if it has none any more.
std::string own_path();

/// A profile, in the syntax of AppArmor 4, that allows user namespaces to the program at `path` if AppArmor
/// denies them to others (kernel.apparmor_restrict_unprivileged_userns=1). Throws Error for a path that can't
/// be written in a profile.
std::string apparmor_profile(const std::string& path);

}  // namespace nslaunch::cli
