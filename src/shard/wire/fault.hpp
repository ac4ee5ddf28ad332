#pragma once

#include "shard/wire/steps.hpp"

namespace nslaunch::shard {

#ifdef NSLAUNCH_FAULTS
/// For the tests, in builds that are not shipped: NSLAUNCH_FAULT=STEP:ERRNO makes that step fail,
/// NSLAUNCH_FAULT=STEP:pause:FD writes the process's pid to descriptor FD, a pipe, and continues when the
/// pipe has no reader any more.
void fault_point(Step step);
#else
inline void fault_point(Step) {}
#endif

}  // namespace nslaunch::shard
