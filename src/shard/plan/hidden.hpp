#pragma once

#include <string>
#include <vector>

#include "shard/plan/plan.hpp"

namespace nslaunch::shard {

/// Whether `path` is `directory` or lies below it; both absolute, and without a slash at their end.
bool lies_in(const std::string& path, const std::string& directory);

/// Where each shard has a mount of its own, its /tmp aside.
std::vector<std::string> usual_mounts();

/// The mount of the shard's own in which `path`, absolute, would be, its /tmp aside; empty: none.
std::string own_mount_over(const std::string& path, const Plan& plan);

/// Throws UsageError where a mount that each shard has lies over `path`, which an option names; its own /tmp
/// is not looked at.
void refuse_replaced(const std::string& option, const std::string& path, const char* advice);

/// The same where something else of the shard's own lies there, too.
void refuse_hidden(const std::string& option, const std::string& path, const Plan& plan);

/// A line about the first of the command's arguments that names a path of the host's /tmp which the
/// shard can't see; empty where there is none. For a command that has failed.
std::string hint_on_hidden_argument(const Plan& plan);

}  // namespace nslaunch::shard
