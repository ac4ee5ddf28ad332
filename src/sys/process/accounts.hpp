#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace nslaunch::sys {

/// The account files, read directly: a static program has no name service.
struct AccountFiles {
  std::string users = "/etc/passwd";
  std::string groups = "/etc/group";
};

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< all of them, its own first
};

/// Empty if there is none.
std::optional<Account> find_account(uid_t uid, const AccountFiles& files = {});
std::optional<Account> find_account(const std::string& name, const AccountFiles& files = {});
std::optional<gid_t> find_group(const std::string& name, const AccountFiles& files = {});
std::optional<std::string> group_name(gid_t gid, const AccountFiles& files = {});

/// The groups for acting as a user of whom only the uid is known: all of the account's, since a group that is
/// left out might be one that a directory denies access to. Without an account, a group that no user has.
struct GroupsOfUser {
  gid_t gid = 0;
  std::vector<gid_t> all;
  bool has_account = false;
};
GroupsOfUser groups_of_user(uid_t uid, const AccountFiles& files = {});

}  // namespace nslaunch::sys
