#pragma once

#include <nslaunch/spec.hpp>

#include <string>

namespace nslaunch::cli {

/// The ids that USER[:GROUP] means, by number or by the names in /etc/passwd and /etc/group (read
/// straight: a static program has no name service). Throws UsageError, which begins with `option`: where it
/// was written.
UserIds find_user(const std::string& text, const std::string& option);

}  // namespace nslaunch::cli
