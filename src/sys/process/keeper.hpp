#pragma once

#include <sys/types.h>

#include <optional>

#include "sys/process/pidfd.hpp"

namespace nslaunch::sys {

/// Holds a descriptor of ours that another user receives, too. Closing the last descriptor of a terminal
/// waits in the kernel for its locks, which that user can hold for as long as the user likes (K66): a child
/// with only this descriptor keeps it open until this object's end, and ends with us at the latest. Must be
/// declared before what it keeps, and created before anyone else gets that. The caller must be
/// single-threaded.
class Keeper {
 public:
  /// `whose`: that user, for messages. Throws Error if no child can be started.
  Keeper(int descriptor, uid_t whose);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper();

 private:
  uid_t whose_;
  pid_t child_;
  std::optional<Pidfd> handle_;
};

}  // namespace nslaunch::sys
