#pragma once

#include <nslaunch/outcome.hpp>

#include <cstddef>

namespace nslaunch::inspect {

/// What is still running in a shard, and what of its use nobody has been told of by a wait.
struct Unreaped {
  std::size_t processes = 0;
  nslaunch::Usage
      usage;  ///< with that of the children which they have waited for; CPU time to a clock tick (10 ms)
};

/// Called by a shard's init just before it exits: a PID namespace that ends reaps what it kills without
/// adding their times to anybody's (K34). Never throws: what can't be read is left out.
Unreaped look_at_unreaped() noexcept;

}  // namespace nslaunch::inspect
