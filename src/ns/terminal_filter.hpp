#pragma once

#include <linux/filter.h>

#include <span>

namespace nslaunch::ns {

/// Forbids this process and all that come from it to type on their terminal for whoever reads there next
/// (TIOCSTI, and TIOCLINUX, which pastes): EPERM. Straight system calls, so that a vforked child may make
/// them. To be called with CAP_SYS_ADMIN over the own user namespace: no_new_privs is not set, so that
/// set-uid programs stay what they are. Returns 0 or an errno; 0 also where there are no filters but the
/// kernel has TIOCSTI switched off.
int forbid_typing() noexcept;

/// The filter that it installs.
std::span<const sock_filter> typing_filter() noexcept;

}  // namespace nslaunch::ns
