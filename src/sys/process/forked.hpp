#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::sys {

/// Work that may wait in the kernel for as long as somebody else likes: it is done in a child process that
/// has no descriptor but the one that it writes to, ends with the caller, and is killed with this object. The
/// caller must have one thread only.
class ChildWork {
 public:
  /// Begins it. Throws Error where no child can be had.
  explicit ChildWork(const std::function<void(int)>& body);
  ChildWork(const ChildWork&) = delete;
  ChildWork& operator=(const ChildWork&) = delete;
  ~ChildWork() { end(); }

  /// Hands `take` what comes, until the end, or until it says false. False: that, or nothing more came for
  /// `silence`, or until `deadline`.
  bool read(std::chrono::milliseconds silence, const Deadline& deadline,
            const std::function<bool(std::string_view)>& take);
  /// Readable when something has come, for read_some().
  int fd() const noexcept { return pipe_.read.get(); }
  /// Hands `take` what has come by now. False: that was all, or `take` has said so.
  bool read_some(const std::function<bool(std::string_view)>& take);
  /// Kills it unless all was read. Whether it has ended well by itself.
  bool end();

 private:
  bool read_once(const std::function<bool(std::string_view)>& take);

  Pipe pipe_;
  pid_t child_ = -1;
  std::optional<Pidfd> handle_;
  bool was_read_ = false;
};

struct ChildOutput {
  std::string text;
  bool complete = false;  ///< false: the child was killed at a limit, or ended badly
};

/// What `body` writes as ChildWork, which is killed when `limit` is over or it has written `most` bytes. What
/// came until then is kept. Throws Error where no child can be had.
ChildOutput output_of_child(const std::function<void(int)>& body, std::chrono::milliseconds limit,
                            std::size_t most);

/// As fork(2), but told by no signal when it ends: nobody but us takes it, with waitid's __WALL (K40).
pid_t fork_untold() noexcept;

}  // namespace nslaunch::sys
