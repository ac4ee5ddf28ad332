#pragma once

#include <nslaunch/outcome.hpp>

#include <optional>
#include <vector>

#include "shard/launcher/forwarding.hpp"
#include "shard/launcher/running_shard.hpp"
#include "shard/plan/plan.hpp"
#include "shard/supervise/output_watch.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::shard {

/// What the launcher watches besides the shard. Must be created before the launch: an ancestor that dies
/// meanwhile must be noticed, and a stream that can't be watched is reported before anything runs. Throws
/// UsageError.
struct Watched {
  explicit Watched(const Plan& plan);

  /// Their death ends the shard; none if the caller has opted out.
  std::vector<sys::Pidfd> ancestors;
  /// Set if there is a limit on silence.
  std::optional<OutputWatch> output;
};

/// Supervises the shard until every process in it is gone: relays signals, keeps the deadlines, receives
/// init's reports, forwards ports. `signals`: the caller's signalfd, non-blocking.
Outcome supervise(const Plan& plan, RunningShard shard, Watched watched, const Hooks& hooks, int signals,
                  Forwarding& forwarding);

}  // namespace nslaunch::shard
