#pragma once

#include <sys/types.h>

#include <optional>

#include "sys/process/pidfd.hpp"

namespace nslaunch::sys {

/// Has a descriptor of ours that another user has been given, too. Whoever closes the last one of a terminal
/// waits in the kernel for its locks, which that user can hold for as long as he likes (K66): a child with
/// nothing but this descriptor keeps it until this object's end, and ends with us at the latest. To be
/// declared before what it keeps, and made before anybody else has that. The caller must have one thread
/// only.
class Keeper {
 public:
  /// `whose`: the user's, for messages. Throws Error where no child can be had.
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
