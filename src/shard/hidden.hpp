#pragma once

#include <string>

#include "shard/plan.hpp"

namespace nslaunch::shard {

/// A line about the first of the command's arguments that names a path of the host's /tmp which the
/// shard can't see; empty where there is none. For a command that has failed.
std::string hint_on_hidden_argument(const Plan& plan);

}  // namespace nslaunch::shard
