#pragma once

#include <nslaunch/outcome.hpp>

#include "shard/launch.hpp"
#include "shard/plan.hpp"
#include "sys/signals.hpp"

namespace nslaunch::shard {

/// The signals that the launcher handles in place of dying of them: everything that can be caught,
/// but for those that the caller has set to be ignored, SIGCHLD and, with a controlling terminal,
/// the stop signals. To be blocked before the launch, so that none is lost.
sys::SignalSet handled_signals(const Plan& plan);

/// Keeps the shard until every process in it is gone: passes on signals, keeps the deadlines, hears
/// what init reports. Gives up the caller's descriptors except stderr.
Outcome supervise(const Plan& plan, RunningShard shard, const Hooks& hooks, sys::Fd signals);

}  // namespace nslaunch::shard
