#pragma once

#include <ctime>
#include <optional>
#include <string>

namespace nslaunch::sys {

/// Whether others may make files in a directory, but not remove those of others.
bool is_sticky_and_shared(int directory) noexcept;

/// Whether the entry is another user's, in such a directory.
bool is_protected_entry(int directory, const std::string& name) noexcept;

/// The current time by the clock that the file system's times have.
timespec time_of_files() noexcept;

/// Whether an open file was made since then; empty if the file system does not say.
std::optional<bool> is_made_since(int file, const timespec& then) noexcept;

/// Whether nobody else, except root, can make or remove entries in it.
bool only_we_may_change(int directory) noexcept;

}  // namespace nslaunch::sys
