#pragma once

#include <string>

#include "shard/plan/plan.hpp"
#include "shard/plan/users_directory.hpp"

namespace nslaunch::shard {

/// Throws UsageError.
[[noreturn]] void refuse_overlay(const OverlaySpec& overlay, const std::string& why,
                                 const std::string& advice);

/// Opens the directory to be covered as the command's user, and stores its path without links in the spec.
/// Throws UsageError if it can't be covered.
sys::Directory open_covered(OverlaySpec& overlay, const Plan& plan);

/// Whether nobody else, where we are root, can have decided which directory this path has led to.
bool is_our_choice(const std::string& path, const sys::Directory& directory);

/// The path of the directory for the changes, as it was named; absolute.
std::string named_place_to_keep(const OverlaySpec& overlay, const Plan& plan);

/// The same without links, as far as that is known before the directory is created. Throws UsageError.
std::string place_to_keep(const OverlaySpec& overlay, const Plan& plan);

/// Opens the directory that keeps the changes of the overlay `at`, created if missing, and stores its path
/// without links in the spec. Unless the command is another user's, it gets the mode, the owner and the
/// access control lists of what is covered, as root only where nobody else can have chosen either: a new one
/// is root's alone then. Throws UsageError, also as root for an existing one that others could have put
/// there, or Error.
UsersDirectory make_keeping_directory(Plan& plan, std::size_t at);

}  // namespace nslaunch::shard
