#pragma once

#include <nslaunch/outcome.hpp>

#include <vector>

#include "shard/forwarding.hpp"
#include "shard/launch.hpp"
#include "shard/plan.hpp"
#include "sys/fd.hpp"
#include "sys/pidfd.hpp"

namespace nslaunch::shard {

/// The ancestors whose death is to end the shard; none where the caller has opted out. To be asked for
/// before the launch: one that dies meanwhile must be seen.
std::vector<sys::Pidfd> watched_ancestors(const Plan& plan);

/// Keeps the shard until every process in it is gone: passes on signals, keeps the deadlines, hears
/// what init reports, forwards. Gives up the caller's descriptors except stderr.
Outcome supervise(const Plan& plan, RunningShard shard, std::vector<sys::Pidfd> ancestors, const Hooks& hooks,
                  sys::Fd signals, Forwarding& forwarding);

}  // namespace nslaunch::shard
