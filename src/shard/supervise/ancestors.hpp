#pragma once

#include <vector>

#include "sys/process/pidfd.hpp"

namespace nslaunch::shard {

/// Handles on the launcher's ancestors in its own process group (npm, a script, a CI step's shell):
/// when one of them ends, nobody is left who waits for the shard. An interactive shell's job has none
/// (the shell is in a group of its own); under nohup, which shows as an ignored SIGHUP, none is wanted.
std::vector<sys::Pidfd> ancestors_in_own_group();

}  // namespace nslaunch::shard
