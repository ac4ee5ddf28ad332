#pragma once

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
  static constexpr std::uint64_t kUsualLimit = 16 << 20;
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

  /// `file`: opened for appending. When it has reached `limit` bytes, its older half is dropped if it is a
  /// regular file of this user's with one name that begins as a log does: another user's link may have led to
  /// any other. All others keep growing, and so does one on which somebody holds a lock. kNoLimit for a file
  /// to which a link has led.
  explicit LogFile(Fd file, std::uint64_t limit = kUsualLimit);
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
  std::uint64_t limit_;
  std::uint64_t lost_ = 0;
  std::unique_ptr<Format> format_;
};

}  // namespace nslaunch::sys
