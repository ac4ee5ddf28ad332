#pragma once

#include <sys/types.h>

#include <string>

#include "shard/announcer.hpp"
#include "shard/plan.hpp"
#include "shard/running_shard.hpp"

namespace nslaunch::shard {

/// Looks at a command that hangs, before it is told to end: its account goes whole into the --artifacts
/// folder and shortened to stderr, then its processes get the --dump-signal. `why` is a clause such as "the
/// command ran longer than 5m". Takes a bounded time; what fails is said and does no harm. True where a
/// process has got the signal, and so needs time.
bool examine_hang(const Plan& plan, pid_t init, const std::string& why, const Hooks& hooks,
                  Announcer& announcer) noexcept;

}  // namespace nslaunch::shard
