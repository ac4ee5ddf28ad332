#pragma once

#include <nslaunch/fleet.hpp>

#include <string>

#include "sys/fd.hpp"

namespace nslaunch::run {

/// A line for each attempt that has ended, in the columns of GNU parallel's --joblog.
class JobLog : public Reporter {
 public:
  /// Empties the file, or makes it, and writes the line of titles. Throws Error where that fails.
  explicit JobLog(const std::string& path);
  void ended(const PartResult& part, const Attempt& attempt,
             const std::function<void(std::string_view)>& warn) override;

 private:
  std::string path_;
  sys::Fd file_;
};

}  // namespace nslaunch::run
