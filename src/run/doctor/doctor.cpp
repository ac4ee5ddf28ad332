#include "run/doctor/doctor.hpp"

#include <linux/capability.h>
#include <nslaunch/error.hpp>

#include <algorithm>

#include "run/doctor/doctor_extras.hpp"

namespace nslaunch::run {
namespace {

using shard::PrivilegeMode;

/// Far more than any step takes on a busy machine.
constexpr std::chrono::milliseconds kPatience{5000};

std::string lacks(const shard::Evidence& machine, std::initializer_list<std::pair<int, const char*>> wanted) {
  std::string missing;
  for (const auto& [capability, name] : wanted) {
    if (!machine.has(capability))
      missing += (missing.empty() ? "there is no " : " and no ") + std::string(name);
  }
  return missing;
}

/// From the fullest on. Those below the one that a run takes here give nothing that this does not.
std::vector<WayToShard> ways_here(const shard::Evidence& machine, PrivilegeMode taken) {
  std::vector<WayToShard> ways = {
      {PrivilegeMode::kPrivileged,
       lacks(machine, {{CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}})},
      {PrivilegeMode::kSplit, lacks(machine, {{CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}})},
      {PrivilegeMode::kRootless, {}}};
  for (auto& way : ways) {
    if (way.privilege_mode > taken) way.skipped = "not needed";
  }
  return ways;
}

}  // namespace

Diagnosis diagnose() {
  const auto plan = shard::plan_to_probe();
  Diagnosis diagnosis;
  diagnosis.machine = shard::read_evidence();
  diagnosis.ways = ways_here(diagnosis.machine, plan.privilege_mode);
  diagnosis.shard = shard::probe_launch(plan, kPatience);
  diagnosis.extras = try_extras(diagnosis.shard.works, kPatience);
  return diagnosis;
}

}  // namespace nslaunch::run
