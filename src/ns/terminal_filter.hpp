#pragma once

#include <linux/filter.h>

#include <span>

namespace nslaunch::ns {

/// Stops this process and all its descendants from injecting input into their terminal for its next reader
/// (TIOCSTI, and TIOCLINUX, which pastes): EPERM. Makes raw system calls, so that a vforked child may call
/// it. Needs CAP_SYS_ADMIN over its own user namespace: no_new_privs is not set, so that set-uid programs
/// keep working. Returns 0 or an errno; also 0 if there are no filters but TIOCSTI is disabled in the kernel.
int forbid_typing() noexcept;

/// The filter that it installs.
std::span<const sock_filter> typing_filter() noexcept;

}  // namespace nslaunch::ns
