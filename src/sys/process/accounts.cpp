#include "sys/process/accounts.hpp"

#include <grp.h>
#include <pwd.h>

#include <cstdio>
#include <functional>
#include <memory>

namespace nslaunch::sys {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File open_names(const std::string& path) {
  return {std::fopen(path.c_str(), "re"), std::fclose};
}

template <typename Visit>
void each_group(const AccountFiles& files, Visit&& visit) {
  const File file = open_names(files.groups);
  while (const group* entry = file ? ::fgetgrent(file.get()) : nullptr) visit(*entry);
}

std::vector<gid_t> groups_of(const Account& account, const AccountFiles& files) {
  std::vector<gid_t> groups{account.gid};
  each_group(files, [&](const group& entry) {
    for (char** member = entry.gr_mem; *member != nullptr; ++member) {
      if (account.name == *member && entry.gr_gid != account.gid) groups.push_back(entry.gr_gid);
    }
  });
  return groups;
}

std::optional<Account> find(const AccountFiles& files, const std::function<bool(const passwd&)>& is_it) {
  const File file = open_names(files.users);
  while (const passwd* entry = file ? ::fgetpwent(file.get()) : nullptr) {
    if (!is_it(*entry)) continue;
    Account account{.name = entry->pw_name, .uid = entry->pw_uid, .gid = entry->pw_gid, .groups = {}};
    account.groups = groups_of(account, files);
    return account;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Account> find_account(uid_t uid, const AccountFiles& files) {
  return find(files, [uid](const passwd& entry) { return entry.pw_uid == uid; });
}

std::optional<Account> find_account(const std::string& name, const AccountFiles& files) {
  return find(files, [&name](const passwd& entry) { return name == entry.pw_name; });
}

std::optional<gid_t> find_group(const std::string& name, const AccountFiles& files) {
  std::optional<gid_t> found;
  each_group(files, [&](const group& entry) {
    if (!found && name == entry.gr_name) found = entry.gr_gid;
  });
  return found;
}

std::optional<std::string> group_name(gid_t gid, const AccountFiles& files) {
  std::optional<std::string> found;
  each_group(files, [&](const group& entry) {
    if (!found && entry.gr_gid == gid) found = entry.gr_name;
  });
  return found;
}

GroupsOfUser groups_of_user(uid_t uid, const AccountFiles& files) {
  if (auto account = find_account(uid, files))
    return {.gid = account->gid, .all = std::move(account->groups), .has_account = true};
  // Counts down from the top: the last number means "no change", and the one before it is "nogroup" on some
  // systems. Neither the user's own number nor 65534 is used: those may be groups that have files, whether
  // /etc/group names them or not.
  gid_t gid = static_cast<gid_t>(-3);
  while (group_name(gid, files)) --gid;
  return {.gid = gid, .all = {gid}};
}

}  // namespace nslaunch::sys
