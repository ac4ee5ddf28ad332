#pragma once

#include "shard/plan/plan.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::shard {

/// PID 1 of the shard, from the clone to its exit. It never execs and never runs user code itself; when it
/// ends, every process in the shard ends, and signals at their default action don't reach it (K5).
/// `launchers_connection`: see Plan::launcher_is_client.
[[noreturn]] void run_init(const Plan& plan, sys::Fd channel, sys::Pidfd launcher,
                           sys::Fd launchers_connection);

}  // namespace nslaunch::shard
