#include "cli/common/users.hpp"

#include <nslaunch/error.hpp>

#include <optional>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::cli {
namespace {

std::optional<std::uint32_t> number(const std::string& text) {
  const auto value = sys::whole_number<std::uint32_t>(text);
  // The highest value means "no change" to the kernel.
  return value == UINT32_MAX ? std::nullopt : value;
}

std::optional<sys::Account> look_up(const std::string& text, const sys::AccountFiles& files) {
  const auto uid = number(text);
  return uid ? sys::find_account(*uid, files) : sys::find_account(text, files);
}

std::uint32_t group_of(const std::string& text, const std::string& option, const sys::AccountFiles& files) {
  const auto gid = number(text);
  if (gid) return *gid;
  if (const auto named = sys::find_group(text, files)) return *named;
  throw UsageError(fmt::format("{}: there is no group '{}'", option, sys::escape(text)));
}

/// Without an account, only the group of the same number is left, and that may be another user's.
void refuse_anothers_group(std::uint32_t id, const std::string& option, const sys::AccountFiles& files) {
  const auto name = sys::group_name(id, files);
  if (!name) return;
  throw UsageError(fmt::format("{}: user {} has no account in {}, and group {} is {}", option, id,
                               sys::escape(files.users), id, sys::escape(*name)),
                   fmt::format("Say which group is meant: {} {}:GROUP", option, id));
}

}  // namespace

std::optional<std::uint32_t> find_uid(const std::string& user, const sys::AccountFiles& files) {
  const auto known = look_up(user, files);
  return known ? known->uid : number(user);
}

UserIds find_user(const std::string& text, const std::string& option, const sys::AccountFiles& files) {
  const auto colon = text.find(':');
  const auto user_text = text.substr(0, colon);
  const auto user = look_up(user_text, files);
  const auto uid = user ? std::optional(user->uid) : number(user_text);
  if (!uid) throw UsageError(fmt::format("{}: there is no user '{}'", option, sys::escape(user_text)));
  if (colon != std::string::npos) {
    const auto gid = group_of(text.substr(colon + 1), option, files);
    return {*uid, gid, {gid}};
  }
  if (!user) {
    refuse_anothers_group(*uid, option, files);
    return {*uid, *uid, {*uid}};
  }
  return {user->uid, user->gid, user->groups};
}

}  // namespace nslaunch::cli
