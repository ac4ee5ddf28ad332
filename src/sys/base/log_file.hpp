#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// A log file. Each line has a timestamp in microseconds and is appended with one write(2): any number of
/// processes may have the file open. Lines that can't be written (a full disk, a FIFO with a slow reader, or
/// none) are counted, and the next successful write reports how many are lost.
class LogFile {
 public:
  static constexpr off_t kUsualLimit = 16 << 20;
  static constexpr off_t kNoLimit = std::numeric_limits<off_t>::max();

  /// `file`: opened for appending. When it has reached `limit` bytes, its older half is dropped, if it is a
  /// regular file of this user's with one name, on which nobody else holds a lock, and to which nobody else
  /// has appended. kNoLimit for one that this process has not made: another user may have led us to any file
  /// of ours.
  explicit LogFile(Fd file, off_t limit = kUsualLimit);
  ~LogFile();

  /// How many lines were lost since the last successful write.
  std::uint64_t lost() const noexcept { return lost_; }
  int fd() const noexcept { return file_.get(); }
  /// `source`: the origin of the line. `text`: one line.
  void write(std::chrono::system_clock::time_point at, std::string_view source, std::string_view text);

 private:
  struct Format;

  bool try_to_write(std::chrono::system_clock::time_point at, std::string_view source, std::string_view text);
  void trim_if_full();

  Fd file_;
  off_t limit_;
  off_t appended_ = 0;  ///< by this
  std::uint64_t lost_ = 0;
  std::unique_ptr<Format> format_;
};

}  // namespace nslaunch::sys
