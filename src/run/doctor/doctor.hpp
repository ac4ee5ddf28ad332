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
  kReduced,  ///< what may be missing is missing
  kNone,
};

/// One way to have a shard, by how much privilege there is.
struct WayToShard {
  shard::PrivilegeMode privilege_mode;
  std::string skipped;  ///< why it is not the one that a run takes; empty: it is
};

/// Something that a run has only when it is asked for.
struct Extra {
  const char* key;   ///< "overlay", for programs
  const char* what;  ///< "a copy-on-write view (--overlay)"
  bool works = false;
  std::string said;  ///< why not; of some, what there is
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

/// Those that need a shard are not tried where none can be had.
std::vector<Extra> try_extras(bool shards_work, std::chrono::milliseconds patience);

/// Tries everything that a run does, for a moment each, and leaves nothing. The caller must have one thread.
/// Throws Error where nothing can be tried at all.
Diagnosis diagnose();

}  // namespace nslaunch::run
