#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "shard/plan.hpp"
#include "shard/steps.hpp"

namespace nslaunch::shard {

struct StartFailure {
  Step step;
  int error;
};

/// Called by init: starts the command and returns its pid once its exec has succeeded. On failure 0,
/// with `failure` set. The environment is the plan's with `isolation` as NSLAUNCH_ISOLATION.
pid_t start_command(const Plan& plan, const std::string& isolation, StartFailure& failure);

}  // namespace nslaunch::shard
