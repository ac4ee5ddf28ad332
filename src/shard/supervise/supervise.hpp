#pragma once

#include <nslaunch/outcome.hpp>

#include <optional>
#include <vector>

#include "shard/launcher/forwarding.hpp"
#include "shard/launcher/running_shard.hpp"
#include "shard/plan/plan.hpp"
#include "shard/supervise/output_watch.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::shard {

/// What the launcher watches besides the shard. To be made before the launch: an ancestor that dies meanwhile
/// must be seen, and a stream that can't be watched is told of before anything runs. Throws UsageError.
struct Watched {
  explicit Watched(const Plan& plan);

  /// Their death is to end the shard; none where the caller has opted out.
  std::vector<sys::Pidfd> ancestors;
  /// Where there is a limit on silence.
  std::optional<OutputWatch> output;
};

/// Keeps the shard until every process in it is gone: passes on signals, keeps the deadlines, hears
/// what init reports, forwards.
Outcome supervise(const Plan& plan, RunningShard shard, Watched watched, const Hooks& hooks, sys::Fd signals,
                  Forwarding& forwarding);

}  // namespace nslaunch::shard
