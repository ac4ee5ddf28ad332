#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "sys/base/fd.hpp"

namespace nslaunch::shard {

/// Detects whether anything was written to the command's standard output and error without interfering: it
/// holds no descriptor that a reader or a terminal could notice, and costs a writer next to nothing (K31).
///   file, terminal       their modification time (a file's size, too), a terminal's in steps of 8 s
///   pipe, socket         the kernel's report of a write
///   neither of these     (/dev/null, or if the inotify limit is reached) any write of a process in the shard
class OutputWatch {
 public:
  /// The streams need not stay open. Throws UsageError if both are closed.
  OutputWatch(int out, int err);

  /// To be kept open.
  std::vector<int> descriptors() const;

  struct Observation {
    bool wrote = false;                   ///< since the last look (or it is unknown)
    std::chrono::milliseconds unseen{0};  ///< what is written within this time from now may go unseen
    pid_t blind_for = 0;                  ///< a process that can't be inspected and may write
  };
  /// `init`: the shard's, by its pid here. The first look only sets the start for the next one. Never throws.
  Observation look(pid_t init) noexcept;

  /// What shows that a file has changed.
  struct Stamp {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;
    std::uint64_t size = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

 private:
  struct Stamped {
    sys::Fd place;
    bool is_terminal;
    bool hides_writes;  ///< those after the last look may not show
    Stamp stamp;
  };
  static bool has_changed(Stamped& stamped);
  void add(int stream);
  bool add_events(int stream);

  std::vector<Stamped> stamped_;
  sys::Fd events_;
  bool by_written_bytes_ = false;
  std::uint64_t written_ = 0;
};

}  // namespace nslaunch::shard
