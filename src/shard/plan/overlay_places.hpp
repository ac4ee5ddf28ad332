#pragma once

#include <string>

#include "shard/plan/plan.hpp"
#include "shard/plan/users_folder.hpp"

namespace nslaunch::shard {

/// Throws UsageError.
[[noreturn]] void refuse_overlay(const OverlaySpec& overlay, const std::string& why,
                                 const std::string& advice);

/// The folder that is to be covered, opened as the command's user; the spec gets its path without links.
/// Throws UsageError where it can't be covered.
sys::Directory open_covered(OverlaySpec& overlay, const Plan& plan);

/// Where the folder for the changes is to lie, as far as that can be said before it is made. Throws
/// UsageError.
std::string place_to_keep(const OverlaySpec& overlay, const Plan& plan);

/// The folder that is to keep the changes, made where it is missing; the spec gets its path without links.
/// Throws UsageError or Error.
UsersFolder make_keeping_folder(OverlaySpec& overlay, const Plan& plan);

}  // namespace nslaunch::shard
