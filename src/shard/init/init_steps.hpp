#pragma once

#include <string>
#include <vector>

#include "shard/init/building.hpp"
#include "shard/plan/plan.hpp"
#include "shard/wire/steps.hpp"

namespace nslaunch::shard {

/// The value of NSLAUNCH_ISOLATION if every step works.
std::string expected_isolation(const Plan& plan);

/// Init's steps of this plan, in their order.
std::vector<Step> init_steps_of(const Plan& plan);

/// Runs init's steps in order and reports each to the launcher as the plan requests. False: one has failed
/// and is reported; nothing is left to do but exit.
bool build_shard(Building& building);

}  // namespace nslaunch::shard
