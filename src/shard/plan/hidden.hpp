#pragma once

#include <string>
#include <vector>

#include "shard/plan/plan.hpp"

namespace nslaunch::shard {

/// Whether `path` is `directory` or lies below it; both are absolute, without a trailing slash.
bool lies_in(const std::string& path, const std::string& directory);

/// The mount points that every shard has, apart from /tmp.
std::vector<std::string> usual_mounts();

/// The shard's own mount, apart from /tmp, that would contain `path`, which is absolute; empty: none.
std::string own_mount_over(const std::string& path, const Plan& plan);

/// Throws UsageError if a mount that every shard has covers `path`, which `option` names; the shard's own
/// /tmp is not checked.
void refuse_replaced(const std::string& option, const std::string& path, const char* advice);

/// The same, also for the other mounts of the shard.
void refuse_hidden(const std::string& option, const std::string& path, const Plan& plan);

/// A hint about the first command argument that names a path in the host's /tmp that is not visible in the
/// shard; empty if there is none. For a command that has failed.
std::string hint_on_hidden_argument(const Plan& plan);

}  // namespace nslaunch::shard
