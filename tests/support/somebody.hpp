#pragma once

#include <grp.h>
#include <sys/types.h>
#include <unistd.h>

#include "sys/base/check.hpp"

namespace nslaunch::test {

/// No account's.
constexpr uid_t kSomebody = 54321;

/// For root: gives up its rights for that user's, without any groups. Throws Error.
inline void become(uid_t user) {
  sys::check(::setgroups(0, nullptr), "giving up groups");
  sys::check(::setresgid(user, user, user), "changing group");
  sys::check(::setresuid(user, user, user), "changing user");
}

}  // namespace nslaunch::test
