#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "shard/diagnose/causes.hpp"
#include "shard/plan/plan.hpp"
#include "shard/wire/steps.hpp"

namespace nslaunch::shard {

/// The result of one step of a trial launch.
struct StepResult {
  enum class State { kOk, kFailed, kSkipped };

  Step step = Step::kClone;
  State state = State::kSkipped;
  std::chrono::microseconds took{};
  /// "Operation not permitted", if the step has failed.
  std::string error{};
  int error_number = 0;  ///< errno's, or 0
  Cause cause{};
};

struct Probe {
  /// All that a launch of the plan does, in the order of a launch.
  std::vector<StepResult> steps;
  /// A command has run in the shard, whose 127.0.0.1 answered by then.
  bool works = false;
  /// The value of NSLAUNCH_ISOLATION, if it works.
  std::string isolation;

  const StepResult* find(Step step) const noexcept;
  /// Every step has worked, even those that may be missing.
  bool is_whole() const noexcept;
};

/// Launches a shard for a moment, in a throwaway process, with the steps of a run. Nothing is recorded and
/// nothing remains: its processes end with the caller at the latest. If no step finishes for `patience`, it
/// is killed.
Probe probe_launch(const Plan& plan, std::chrono::milliseconds patience);

/// A plan for such a launch: of a run without options. Throws what make_plan() throws.
Plan plan_to_probe(const ShardSpec& wishes = {});

}  // namespace nslaunch::shard
