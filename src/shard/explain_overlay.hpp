#pragma once

#include <string>

#include "shard/plan.hpp"
#include "shard/protocol.hpp"

namespace nslaunch::shard {

/// What to do about a view for --overlay that could not be mounted; empty where that can't be told.
std::string advice_on_overlay(const Plan& plan, const Message& failure);

}  // namespace nslaunch::shard
