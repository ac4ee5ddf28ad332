#pragma once

#include <string>

#include "shard/plan.hpp"
#include "shard/protocol.hpp"

namespace nslaunch::shard {

/// What to do about a failed step, by its number, its error and the machine's settings; empty where that
/// can't be told.
std::string advice_on(const Plan& plan, const Message& failure);

}  // namespace nslaunch::shard
