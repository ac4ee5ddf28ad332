#pragma once

#include <nslaunch/spec.hpp>

namespace nslaunch::shard {

/// Makes this process the user's for good. Another user gets neither the keys of the caller's session nor the
/// ability to inject input into the caller's terminal. For a vforked child: it only makes system calls.
/// Returns 0 or an errno.
int take_user(const UserIds& user) noexcept;

}  // namespace nslaunch::shard
