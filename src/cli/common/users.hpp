#pragma once

#include <nslaunch/spec.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "sys/process/accounts.hpp"

namespace nslaunch::cli {

/// The ids that USER[:GROUP] means, by number or by the names in these files. Throws UsageError, which begins
/// with `option`: where it was written.
UserIds find_user(const std::string& text, const std::string& option, const sys::AccountFiles& files = {});

/// The same of a user alone; nothing where there is none of that name.
std::optional<std::uint32_t> find_uid(const std::string& user, const sys::AccountFiles& files = {});

/// A user's by number, with sys::groups_of_user().
UserIds ids_of(std::uint32_t uid, const sys::AccountFiles& files = {});

}  // namespace nslaunch::cli
