#pragma once

#include <sys/types.h>
#include <nslaunch/registry.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "sys/base/fd.hpp"

namespace nslaunch::registry {

/// Runs `work` as `user` and returns its text. Root does another user's work in a child that has permanently
/// become that user, so that the kernel lets it access what that user may access and no more, whatever a
/// record claims. That user can stop the child, so it is killed when `limit` is over. Of root's descriptors
/// it has only those in `used`. Throws Error if the child can't be created or does not answer.
std::string as_user(uid_t user, std::chrono::milliseconds limit, const std::function<std::string()>& work,
                    const std::vector<int>& used = {});

/// Returns what `open` opens in a directory whose owner can block any process that looks there (K66): in
/// another user's directory, root does it in a child. Empty, with errno set, on failure. Throws Error as
/// sys::as_user() does.
sys::Fd open_in(int directory, const std::function<sys::Fd()>& open);

/// A command for a person to paste, quoted for the shell. If `user` is not ours, it runs as that user, who
/// may replace any directory on the path with a link, and detached from our terminal.
std::string command_as(uid_t user, std::vector<std::string> words);

}  // namespace nslaunch::registry
