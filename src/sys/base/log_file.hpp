#pragma once

#include <chrono>
#include <cstdint>
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

  /// `file`: opened for appending. The older half of a regular file is dropped when it has reached `limit`
  /// bytes, if the file is this user's and has one name; any other file keeps growing, since other users can
  /// set its size.
  explicit LogFile(Fd file, std::uint64_t limit = kUsualLimit);
  ~LogFile();

  /// How many lines were lost since the last successful write.
  std::uint64_t lost() const noexcept { return lost_; }
  int fd() const noexcept { return file_.get(); }
  /// `source`: the origin of the line. `text`: one line.
  void write(std::chrono::system_clock::time_point at, std::string_view source, std::string_view text);

 private:
  class Sink;

  void append(std::string_view line);
  void trim_if_full() const;

  Fd file_;
  std::uint64_t limit_;
  std::uint64_t lost_ = 0;
  std::unique_ptr<Sink> sink_;
};

}  // namespace nslaunch::sys
