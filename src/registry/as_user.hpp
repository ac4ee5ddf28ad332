#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace nslaunch::registry {

/// Runs `work` as `user` and returns its words. Root does another user's work in a child that has
/// become that user for good, so that the kernel lets it touch what that user may touch and no
/// more, whatever a record claims. Throws Error where the child can't be had or does not answer.
std::string as_user(uid_t user, const std::function<std::string()>& work);

}  // namespace nslaunch::registry
