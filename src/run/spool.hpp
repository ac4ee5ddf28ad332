#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sys/fd.hpp"

namespace nslaunch::run {

/// The two streams of a command.
enum class Stream : std::uint8_t { kOut, kErr };

/// What has been written to both streams, in its order, on disk (in memory where there is no room for
/// temporary files) and without a name. One reader after all writers.
class Spool {
 public:
  Spool();

  /// What the disk does not take is lost, from then on all of it.
  void append(Stream stream, std::string_view bytes);
  std::uint64_t size() const noexcept { return size_; }
  /// Why a part is missing at its end; empty: none is.
  const std::string& problem() const noexcept { return problem_; }

  /// The next piece, or false at the end.
  bool next(Stream& stream, std::string& bytes);

 private:
  sys::Fd file_;
  std::uint64_t size_ = 0;
  std::uint64_t written_ = 0;  ///< with the headers
  std::uint64_t read_ = 0;
  std::string problem_;
};

}  // namespace nslaunch::run
