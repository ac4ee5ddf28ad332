#include "cli/common/users.hpp"

#include <grp.h>
#include <pwd.h>
#include <nslaunch/error.hpp>

#include <cstdio>
#include <memory>
#include <optional>

#include "sys/base/check.hpp"
#include "sys/base/numbers.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::optional<std::uint32_t> number(const std::string& text) {
  const auto value = sys::whole_number<std::uint32_t>(text);
  // The last one means "no change" to the kernel.
  return value == UINT32_MAX ? std::nullopt : value;
}

template <typename Visit>
void each_group(const Accounts& accounts, Visit&& visit) {
  const File file(std::fopen(accounts.groups.c_str(), "re"), std::fclose);
  while (const group* entry = file ? ::fgetgrent(file.get()) : nullptr) visit(*entry);
}

struct KnownUser {
  std::string name;
  std::uint32_t uid;
  std::uint32_t gid;
};

std::optional<KnownUser> look_up(const std::string& text, const Accounts& accounts) {
  const auto uid = number(text);
  const File file(std::fopen(accounts.users.c_str(), "re"), std::fclose);
  while (const passwd* entry = file ? ::fgetpwent(file.get()) : nullptr) {
    if (uid ? entry->pw_uid == *uid : text == entry->pw_name)
      return KnownUser{entry->pw_name, entry->pw_uid, entry->pw_gid};
  }
  return std::nullopt;
}

std::uint32_t find_group(const std::string& text, const std::string& option, const Accounts& accounts) {
  auto gid = number(text);
  each_group(accounts, [&](const group& entry) {
    if (!gid && text == entry.gr_name) gid = entry.gr_gid;
  });
  if (!gid) throw UsageError(fmt::format("{}: there is no group '{}'", option, sys::escape(text)));
  return *gid;
}

/// A number without an account has no group to go by but the same number, and that may be anybody's.
void refuse_anothers_group(std::uint32_t id, const std::string& option, const Accounts& accounts) {
  each_group(accounts, [&](const group& entry) {
    if (entry.gr_gid != id) return;
    throw UsageError(fmt::format("{}: user {} has no account in {}, and group {} is {}", option, id,
                                 sys::escape(accounts.users), id, sys::escape(entry.gr_name)),
                     fmt::format("Say which group is meant: {} {}:GROUP", option, id));
  });
}

std::vector<std::uint32_t> groups_of(const KnownUser& user, const Accounts& accounts) {
  std::vector<std::uint32_t> groups{user.gid};
  each_group(accounts, [&](const group& entry) {
    for (char** member = entry.gr_mem; *member != nullptr; ++member) {
      if (user.name == *member && entry.gr_gid != user.gid) groups.push_back(entry.gr_gid);
    }
  });
  return groups;
}

}  // namespace

std::optional<std::uint32_t> find_uid(const std::string& user, const Accounts& accounts) {
  const auto known = look_up(user, accounts);
  return known ? known->uid : number(user);
}

UserIds find_user(const std::string& text, const std::string& option, const Accounts& accounts) {
  const auto colon = text.find(':');
  const auto user_text = text.substr(0, colon);
  const auto user = look_up(user_text, accounts);
  const auto uid = user ? std::optional(user->uid) : number(user_text);
  if (!uid) throw UsageError(fmt::format("{}: there is no user '{}'", option, sys::escape(user_text)));
  if (colon != std::string::npos) {
    const auto gid = find_group(text.substr(colon + 1), option, accounts);
    return {*uid, gid, {gid}};
  }
  if (!user) {
    refuse_anothers_group(*uid, option, accounts);
    return {*uid, *uid, {*uid}};
  }
  return {user->uid, user->gid, groups_of(*user, accounts)};
}

UserIds ids_of(std::uint32_t uid, const Accounts& accounts) {
  constexpr std::uint32_t kNogroup = 65534;
  const auto user = look_up(std::to_string(uid), accounts);
  return user ? UserIds{user->uid, user->gid, groups_of(*user, accounts)}
              : UserIds{uid, kNogroup, {kNogroup}};
}

}  // namespace nslaunch::cli
