#pragma once

#include "shard/diagnose/cause.hpp"
#include "shard/diagnose/evidence.hpp"
#include "shard/plan/plan.hpp"
#include "shard/wire/protocol.hpp"

namespace nslaunch::shard {

/// Why the --overlay that the launch was busy with was refused; without a sentence where that can't be told.
Cause cause_of_overlay(const Plan& plan, const Message& failure, const Evidence& machine);

}  // namespace nslaunch::shard
