#pragma once

#include <nslaunch/fleet_events.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "sys/base/fd.hpp"

namespace nslaunch::run {

/// The output on both streams, in its order: a little of it in memory, more in an unnamed file (in memory,
/// too, if there is no room for temporary files). One reader after all writers.
class Spool {
 public:
  /// If the disk does not take some output, that and everything after it is lost.
  void append(Stream stream, std::string_view bytes);
  std::uint64_t size() const noexcept { return size_; }
  /// Why output is missing at the end; empty if none is.
  const std::string& problem() const noexcept { return problem_; }

  /// The next piece, or false at the end.
  bool next(Stream& stream, std::string& bytes);

 private:
  int write(std::string_view header, std::string_view bytes);
  int move_to_file();
  bool read(std::uint64_t at, char* into, std::size_t size) const;

  std::string memory_;
  sys::Fd file_;  ///< replaces memory_ once it is open
  std::uint64_t size_ = 0;
  std::uint64_t written_ = 0;  ///< including the headers
  std::uint64_t read_ = 0;
  std::string problem_;
};

}  // namespace nslaunch::run
