#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <string>

#include "support/clients.hpp"
#include "support/process.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// A FIFO for a report that is larger than 4 KiB: its writer waits until it is read.
class SlowFifo {
 public:
  explicit SlowFifo(std::string path) : path_(std::move(path)) {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    reader_.reset(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(::fcntl(reader_.get(), F_SETPIPE_SZ, 4096) == 4096);
  }
  const std::string& path() const noexcept { return path_; }
  /// Returns while the report is being written.
  void wait_until_written() const {
    pollfd written = {reader_.get(), POLLIN, 0};
    REQUIRE(::poll(&written, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) == 1);
  }
  std::string read() const {
    REQUIRE(::fcntl(reader_.get(), F_SETFL, 0) == 0);
    return read_all(reader_);
  }

 private:
  std::string path_;
  sys::Fd reader_;
};

}  // namespace nslaunch::test
