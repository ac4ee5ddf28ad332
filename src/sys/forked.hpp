#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace nslaunch::sys {

struct ChildOutput {
  std::string text;
  bool complete = false;  ///< false: the child was killed at a limit, or ended badly
};

/// What `body` writes to the descriptor that it is given, for work that may wait in the kernel for as long as
/// somebody else likes: it is done in a child process that has no other descriptor, ends with the caller, and
/// is killed when `limit` is over or it has written `most` bytes. What came until then is kept. The caller
/// must have one thread only. Throws Error where no child can be had.
ChildOutput output_of_child(const std::function<void(int)>& body, std::chrono::milliseconds limit,
                            std::size_t most);

/// As fork(2), but told by no signal when it ends: nobody but us takes it, with waitid's __WALL (K40).
pid_t fork_untold() noexcept;

}  // namespace nslaunch::sys
