#pragma once

#include <string>

#include "shard/diagnose/remedies.hpp"

namespace nslaunch::shard {

/// Who stands in the way.
enum class Layer {
  kUnknown,
  kSeccomp,
  kAppArmor,
  kSecurityModule,  ///< one that can't be told: it has answered EACCES where permissions play no part
  kCapabilities,
  kSysctl,
  kMaskedProc,
  kReadOnlyProc,
  kLimit,
  kChroot,
  kKernel,
  kIds,    ///< we are nobody in this user namespace
  kFiles,  ///< something is missing, full or unfit
};

/// Why a step has failed, and what to do: least drastic first.
struct Cause {
  Layer layer = Layer::kUnknown;
  std::string sentence{};
  Remedies remedies{};

  /// "seccomp: a filter refuses it"; empty where nothing can be told.
  std::string line() const;
};

const char* name_of(Layer layer) noexcept;

/// Two lines at most, for an error; empty where nothing can be told.
std::string as_advice(const Cause& cause);

}  // namespace nslaunch::shard
