#pragma once

#include <string>
#include <vector>

#include "shard/init/building.hpp"
#include "shard/plan/plan.hpp"
#include "shard/wire/steps.hpp"

namespace nslaunch::shard {

/// What NSLAUNCH_ISOLATION says when every step works.
std::string expected_isolation(const Plan& plan);

/// Init's steps of this plan, in their order.
std::vector<Step> init_steps_of(const Plan& plan);

/// Carries out init's steps in order, telling the launcher of each as it asked. False: one has failed
/// and the launcher has been told; there is nothing left to do but exit.
bool build_shard(Building& building);

}  // namespace nslaunch::shard
