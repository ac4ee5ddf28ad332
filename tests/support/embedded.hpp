#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <nslaunch/spec.hpp>

#include <optional>
#include <stdexcept>
#include <string>

#include "support/process.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// For a shard that the test's own process runs: a shell's script with its environment.
inline ShardSpec shell_spec(const std::string& script) {
  ShardSpec spec;
  spec.command = {"sh", "-c", script};
  for (char** entry = environ; *entry != nullptr; ++entry) spec.environment.emplace_back(*entry);
  spec.watch_ancestors = false;
  return spec;
}

/// A pipe that a shard of the test's own process writes to.
class Heard {
 public:
  int writer() const { return pipe_.write.get(); }
  /// The next line, without its newline; nothing at the end of the file. Fails the test after kPatience.
  std::optional<std::string> line() {
    for (;;) {
      if (const auto end = text_.find('\n'); end != std::string::npos) {
        const auto line = text_.substr(0, end);
        text_.erase(0, end + 1);
        return line;
      }
      if (!read_some()) return std::nullopt;
    }
  }
  /// All that is left, once the test has closed its own writing end.
  std::string rest() {
    pipe_.write.reset();
    while (read_some()) continue;
    return text_;
  }
  void close_writer() { pipe_.write.reset(); }

 private:
  bool read_some() {
    pollfd watched = {pipe_.read.get(), POLLIN, 0};
    constexpr auto kLimit = std::chrono::milliseconds(kPatience).count();
    if (::poll(&watched, 1, static_cast<int>(kLimit)) != 1) throw std::runtime_error("nothing was written");
    char chunk[4096];
    const auto count = ::read(pipe_.read.get(), chunk, sizeof chunk);
    if (count > 0) text_.append(chunk, static_cast<std::size_t>(count));
    return count > 0;
  }

  sys::Pipe pipe_ = sys::make_pipe();
  std::string text_;
};

/// The descriptors that this process has open.
inline std::string open_descriptors() {
  std::string all;
  for (int number = 0; number < 512; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) all += std::to_string(number) + " ";
  }
  return all;
}

}  // namespace nslaunch::test
