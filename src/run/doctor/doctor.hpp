#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "shard/diagnose/evidence.hpp"
#include "shard/launcher/probe.hpp"
#include "shard/plan/plan.hpp"

namespace nslaunch::run {

enum class Verdict {
  kFull,
  kReduced,  ///< something optional is missing
  kNone,
};

/// One way to create a shard, by available privilege.
struct WayToShard {
  shard::PrivilegeMode privilege_mode;
  std::string skipped;  ///< why a run does not use it; empty: it does
};

/// A feature that a run uses only on request.
struct Extra {
  const char* key;   ///< "overlay", for programs
  const char* what;  ///< "a copy-on-write view (--overlay)"
  bool works = false;
  std::string said;  ///< why not; for some, what is available
  shard::Remedies remedies{};
};

struct Diagnosis {
  shard::Evidence machine;
  std::vector<WayToShard> ways;
  shard::Probe shard;
  std::vector<Extra> extras;

  Verdict verdict() const noexcept;
  /// Tokens of NSLAUNCH_ISOLATION that are missing.
  std::vector<std::string> missing() const;
};

/// Skips those that need a shard if none can be created.
std::vector<Extra> try_extras(bool shards_work, std::chrono::milliseconds patience);

/// Tries everything that a run does, briefly, and leaves nothing behind. The caller must have one thread.
/// Throws Error if nothing can be tried at all.
Diagnosis diagnose();

}  // namespace nslaunch::run
