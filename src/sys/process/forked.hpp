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

/// Work that may block in the kernel for as long as a third party likes: it runs in a child process that has
/// no descriptor but the one it writes to, ends with the caller, and is killed with this object. The caller
/// must be single-threaded.
class ChildWork {
 public:
  /// Starts it. Throws Error if no child can be started.
  explicit ChildWork(const std::function<void(int)>& body);
  ChildWork(const ChildWork&) = delete;
  ChildWork& operator=(const ChildWork&) = delete;
  ~ChildWork() { end(); }

  /// Passes received data to `take` until the end, or until `take` returns false. Returns false in that case,
  /// or if nothing more comes for `silence`, or until `deadline`.
  bool read(std::chrono::milliseconds silence, const Deadline& deadline,
            const std::function<bool(std::string_view)>& take);
  /// Readable when there is data for read_some().
  int fd() const noexcept { return pipe_.read.get(); }
  /// Passes the data received so far to `take`. False: that was all, or `take` returned false.
  bool read_some(const std::function<bool(std::string_view)>& take);
  /// Kills it unless everything was read. Returns whether it ended successfully by itself.
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

/// What `body` writes as ChildWork, which is killed after `limit` or once it has written `most` bytes; the
/// output up to then is kept. Throws Error if no child can be started.
ChildOutput output_of_child(const std::function<void(int)>& body, std::chrono::milliseconds limit,
                            std::size_t most);

/// Like fork(2), but no signal reports the child's end: only we reap it, with waitid's __WALL (K40).
pid_t fork_untold() noexcept;

}  // namespace nslaunch::sys
