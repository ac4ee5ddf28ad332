#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// A handle on one process; it never refers to another one, however pids are reused.
class Pidfd {
 public:
  Pidfd() noexcept = default;
  explicit Pidfd(Fd fd) noexcept : fd_(std::move(fd)) {}

  /// Empty if there is no such process (or no permission to see it).
  static std::optional<Pidfd> open(pid_t pid);

  int get() const noexcept { return fd_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }

  /// Returns 0 or an errno (ESRCH: it is gone).
  int send_signal(int signal) const noexcept;
  /// As sigqueue(3): the receiver can tell it from a signal sent to a whole process group. Returns 0 or an
  /// errno.
  int queue_signal(int signal, int value = 0) const noexcept;
  /// Whether it is readable: the process (all its threads) has ended.
  bool has_ended() const noexcept { return wait_for_end(std::chrono::milliseconds{0}); }
  /// Waits at most `limit` (negative: for ever). True when it has ended.
  bool wait_for_end(std::chrono::milliseconds limit) const noexcept;
  /// The inode that identifies the process for as long as the machine runs; 0 before kernel 6.9.
  std::uint64_t inode() const noexcept;
  /// Its parent, 0 if that is in no PID namespace of ours. Empty before kernel 6.13, or once the process has
  /// been reaped.
  std::optional<pid_t> parent() const noexcept;
  /// The inode of its PID namespace; 0 before kernel 6.11, or if it can't be seen.
  std::uint64_t pid_namespace() const noexcept;

 private:
  Fd fd_;
};

}  // namespace nslaunch::sys
