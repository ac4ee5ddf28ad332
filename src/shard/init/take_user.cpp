#include "shard/init/take_user.hpp"

#include <unistd.h>

#include <cerrno>

#include "ns/terminal_filter.hpp"
#include "sys/process/credentials.hpp"

namespace nslaunch::shard {
namespace {

/// Done here and never in init, whose parent-death signal it would clear (K2).
int take_ids(const UserIds& user) noexcept {
  return sys::become_user(user.uid, user.gid, user.groups);
}

}  // namespace

int take_user(const UserIds& user) noexcept {
  if (user.uid == ::geteuid()) return take_ids(user);
  const int kept = sys::leave_keys();
  if (kept != 0 && kept != EDQUOT) return kept;
  if (const int error = ns::forbid_typing(); error != 0) return error;
  if (const int error = take_ids(user); error != 0) return error;
  // Root of a user namespace has a quota of keys: now the user's quota counts.
  return kept == EDQUOT ? sys::leave_keys() : 0;
}

}  // namespace nslaunch::shard
