#pragma once

#include <vector>

#include "sys/process/pidfd.hpp"

namespace nslaunch::shard {

/// Pidfds of the launcher's ancestors in its own process group (npm, a script, a CI step's shell): when one
/// of them ends, nothing waits for the shard any more. An interactive shell's job has none (the shell is in a
/// group of its own); under nohup, which is detected by an ignored SIGHUP, none is wanted.
std::vector<sys::Pidfd> ancestors_in_own_group();

}  // namespace nslaunch::shard
