#pragma once

#include <sys/types.h>
#include <nslaunch/registry.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "sys/base/fd.hpp"

namespace nslaunch::registry {

/// Runs `work` as `user` and returns its words. Root does another user's work in a child that has
/// become that user for good, so that the kernel lets it touch what that user may touch and no
/// more, whatever a record claims. That user can stop the child, so it is killed when `limit` is over. Of
/// root's descriptors it has those in `used` alone. Throws Error where the child can't be had or does not
/// answer.
std::string as_user(uid_t user, std::chrono::milliseconds limit, const std::function<std::string()>& work,
                    const std::vector<int>& used = {});

/// What `open` finds in a directory, where whose that is can keep whoever looks there waiting (K66): in
/// another's root does it in a child. Empty with errno. Throws Error as sys::as_user() does.
sys::Fd open_in(int directory, const std::function<sys::Fd()>& open);

/// A command for a person to paste, quoted for the shell. Where `user` is another than ours it is done as
/// that user, who may put links in the place of any directory on the way, and off our terminal.
std::string command_as(uid_t user, std::vector<std::string> words);

/// What to do about an unreadable record, with a command to paste; empty where there is nothing to say.
std::string remedy_of(const ShardEntry& entry);

/// Throws Error where the entry is unreadable, with what to do about it. `doing`: "looking into shard X".
void refuse_unreadable(const ShardEntry& entry, const std::string& doing);

}  // namespace nslaunch::registry
