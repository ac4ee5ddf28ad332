#include "run/doctor/diagnosis.hpp"

namespace nslaunch::run {

using shard::StepResult;

Verdict Diagnosis::verdict() const noexcept {
  if (shard.is_whole()) return Verdict::kFull;
  return shard.works ? Verdict::kReduced : Verdict::kNone;
}

std::vector<std::string> Diagnosis::missing() const {
  std::vector<std::string> tokens;
  for (const auto& result : shard.steps) {
    const auto* token = shard::row(result.step).token;
    if (result.state != StepResult::State::kOk && token != nullptr) tokens.emplace_back(token);
  }
  return tokens;
}

}  // namespace nslaunch::run
