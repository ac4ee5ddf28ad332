#pragma once

#include "shard/diagnose/cause.hpp"
#include "shard/diagnose/evidence.hpp"
#include "shard/plan/plan.hpp"
#include "shard/wire/protocol.hpp"

namespace nslaunch::shard {

/// Determined by the step, its error and the state of the machine: the one table behind the launcher's errors
/// and `nslaunch doctor`.
Cause cause_of(const Plan& plan, const Message& failure, const Evidence& machine);
/// Init, or a launcher of the doctor's, was killed by `signal` before the command started.
Cause cause_of_death(int signal, const Evidence& machine);

}  // namespace nslaunch::shard
