#pragma once

#include <string>

#include "shard/diagnose/remedies.hpp"

namespace nslaunch::shard {

/// What makes a step fail.
enum class Layer {
  kUnknown,
  kSeccomp,
  kAppArmor,
  kSecurityModule,  ///< an unknown one: it returned EACCES where permissions play no part
  kCapabilities,
  kSysctl,
  kMaskedProc,
  kReadOnlyProc,
  kLimit,
  kChroot,
  kKernel,
  kIds,    ///< our ids have no number in this user namespace
  kFiles,  ///< something is missing, full or unfit
};

/// Why a step has failed, and what to do: least drastic first.
struct Cause {
  Layer layer = Layer::kUnknown;
  std::string sentence{};
  Remedies remedies{};

  /// "seccomp: a filter refuses it"; empty if the cause is unknown.
  std::string line() const;
};

const char* name_of(Layer layer) noexcept;

/// Two lines at most, for an error; empty if the cause is unknown.
std::string as_advice(const Cause& cause);

}  // namespace nslaunch::shard
