#pragma once

#include <nslaunch/spec.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace nslaunch::cli {

/// The files that have the names.
struct Accounts {
  std::string users = "/etc/passwd";
  std::string groups = "/etc/group";
};

/// The ids that USER[:GROUP] means, by number or by the names in these files (read straight: a static program
/// has no name service). Throws UsageError, which begins with `option`: where it was written.
UserIds find_user(const std::string& text, const std::string& option, const Accounts& accounts = {});

/// The same of a user alone; nothing where there is none of that name.
std::optional<std::uint32_t> find_uid(const std::string& user, const Accounts& accounts = {});

/// A user's by number, who without an account is in no group but nobody's.
UserIds ids_of(std::uint32_t uid, const Accounts& accounts = {});

}  // namespace nslaunch::cli
