#pragma once

#include "shard/diagnose/cause.hpp"
#include "shard/diagnose/evidence.hpp"
#include "shard/plan/plan.hpp"
#include "shard/wire/protocol.hpp"

namespace nslaunch::shard {

/// Why the --overlay that the launch was working on was refused; without a sentence if the cause is unknown.
Cause cause_of_overlay(const Plan& plan, const Message& failure, const Evidence& machine);

}  // namespace nslaunch::shard
