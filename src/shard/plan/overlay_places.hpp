#pragma once

#include <string>

#include "shard/plan/plan.hpp"
#include "shard/plan/users_directory.hpp"

namespace nslaunch::shard {

/// Throws UsageError.
[[noreturn]] void refuse_overlay(const OverlaySpec& overlay, const std::string& why,
                                 const std::string& advice);

/// The directory that is to be covered, opened as the command's user; the spec gets its path without links.
/// Throws UsageError where it can't be covered.
sys::Directory open_covered(OverlaySpec& overlay, const Plan& plan);

/// Where the directory for the changes is to lie, as far as that can be said before it is made. Throws
/// UsageError.
std::string place_to_keep(const OverlaySpec& overlay, const Plan& plan);

/// The directory that is to keep the changes, made where it is missing; the spec gets its path without links.
/// Throws UsageError or Error.
UsersDirectory make_keeping_directory(OverlaySpec& overlay, const Plan& plan);

}  // namespace nslaunch::shard
