#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// A log file. Each line has a timestamp in microseconds and is appended with one write(2): any number of
/// processes may have the file open. Lines that can't be written (a full disk, a FIFO with a slow reader) are
/// counted, and the next successful write reports how many are lost.
class LogFile {
 public:
  static constexpr std::uint64_t kUsualLimit = 16 << 20;

  /// `file`: opened for appending. `open_older`: opens the empty file to which the content of a regular file
  /// is copied when it has reached `limit` bytes, before it is truncated; if it returns an empty Fd, the file
  /// keeps growing.
  LogFile(Fd file, std::function<Fd()> open_older, std::uint64_t limit = kUsualLimit);
  ~LogFile();

  /// How many lines were lost since the last successful write.
  std::uint64_t lost() const noexcept { return lost_; }
  int fd() const noexcept { return file_.get(); }
  /// `source`: the origin of the line. `text`: one line.
  void write(std::chrono::system_clock::time_point at, std::string_view source, std::string_view text);

 private:
  class Sink;

  void append(std::string_view line);
  void rotate_if_full();

  Fd file_;
  std::function<Fd()> open_older_;
  std::uint64_t limit_;
  std::uint64_t lost_ = 0;
  std::unique_ptr<Sink> sink_;
};

}  // namespace nslaunch::sys
