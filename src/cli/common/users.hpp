#pragma once

#include <nslaunch/spec.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "sys/process/accounts.hpp"

namespace nslaunch::cli {

/// The ids that USER[:GROUP] means, by number or by name in these files. Throws UsageError, whose message
/// begins with `option`: where it was written.
UserIds find_user(const std::string& text, const std::string& option, const sys::AccountFiles& files = {});

/// The same for a user alone; empty if there is no user of that name.
std::optional<std::uint32_t> find_uid(const std::string& user, const sys::AccountFiles& files = {});

}  // namespace nslaunch::cli
