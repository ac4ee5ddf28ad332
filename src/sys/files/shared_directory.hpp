#pragma once

#include <string>

namespace nslaunch::sys {

/// Whether others may make files in a directory, but not remove those of others.
bool is_sticky_and_shared(int directory) noexcept;

/// Whether the entry is another user's, in such a directory.
bool is_protected_entry(int directory, const std::string& name) noexcept;

/// Whether nobody else, except root, can make or remove entries in it.
bool only_we_may_change(int directory) noexcept;

}  // namespace nslaunch::sys
