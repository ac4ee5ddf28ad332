#pragma once

#include <nslaunch/outcome.hpp>

#include "shard/launch.hpp"
#include "shard/plan.hpp"
#include "sys/fd.hpp"

namespace nslaunch::shard {

/// Keeps the shard until every process in it is gone: passes on signals, keeps the deadlines, hears
/// what init reports. Gives up the caller's descriptors except stderr.
Outcome supervise(const Plan& plan, RunningShard shard, const Hooks& hooks, sys::Fd signals);

}  // namespace nslaunch::shard
