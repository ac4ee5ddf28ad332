#pragma once

#include "shard/diagnose/cause.hpp"
#include "shard/diagnose/evidence.hpp"
#include "shard/plan/plan.hpp"
#include "shard/wire/protocol.hpp"

namespace nslaunch::shard {

/// By the step, its error and what the machine says: the one table that the launcher's errors and
/// `nslaunch doctor` are made of.
Cause cause_of(const Plan& plan, const Message& failure, const Evidence& machine);
/// Init, or a launcher of the doctor's, was killed by `signal` before the command started.
Cause cause_of_death(int signal, const Evidence& machine);

}  // namespace nslaunch::shard
