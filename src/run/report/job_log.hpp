#pragma once

#include <nslaunch/fleet.hpp>

#include <chrono>
#include <string>

#include "sys/base/fd.hpp"

namespace nslaunch::run {

/// A line for each attempt that has ended, in the columns of GNU parallel's --joblog.
class JobLog : public Reporter {
 public:
  /// Empties the file, or makes it, and writes the line of titles. Throws Error where that fails, also where
  /// nobody reads a FIFO.
  explicit JobLog(const std::string& path);
  void ended(const PartResult& part, const Attempt& attempt,
             const std::function<void(std::string_view)>& warn) override;
  /// Writes what a reader has not taken so far; one that does not read is given up.
  void finish(const std::function<void(std::string_view)>& warn);

 private:
  int write_pending(std::chrono::milliseconds limit = std::chrono::milliseconds{0});
  void give_up(int error, const std::function<void(std::string_view)>& warn);

  std::string path_;
  sys::Fd file_;
  std::string pending_;
};

}  // namespace nslaunch::run
