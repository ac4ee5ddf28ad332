#pragma once

#include <cstdint>
#include <span>

namespace nslaunch::shard {

/// Every step of a launch: the launcher's, init's, the command's, each group in its order (init ties itself
/// and mounts while the launcher records; kTie comes before kGo, and kGo before kSysctls). The two processes
/// exchange a step's number and an errno; every text about a step comes from its row.
enum class Step : std::uint8_t {
  // The launcher's.
  kClone,
  kMapIds,
  kRecord,
  kCgroup,
  kSettings,
  kGo,
  // Init's.
  kTie,
  kNamespaces,
  kPropagation,
  kProc,
  kPidBase,
  kOverlay,
  kTmp,
  kKeep,
  kSharedMemory,
  kQueues,
  kPrivate,
  kHostname,
  kUserNamespace,
  kLoopback,
  kLowPorts,
  kSysctls,
  kAnswer,
  kReach,
  kCapture,
  kFork,
  // The command's own process.
  kPlace,
  kUser,
  kWorkdir,
  kExec,
};

struct StepRow {
  Step step;
  const char* name;   ///< for -v and fault injection
  const char* doing;  ///< completes "nslaunch failed while ..."
  /// The token in NSLAUNCH_ISOLATION if this step has worked; nullptr: none.
  const char* token;
  /// May be missing, with a warning, unless --require-proc was given.
  bool may_be_missing;
};

std::span<const StepRow> steps() noexcept;
const StepRow& row(Step step) noexcept;

}  // namespace nslaunch::shard
