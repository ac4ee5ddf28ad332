#pragma once

#include <optional>
#include <string>

#include "support/process.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// A launch that stands still at one of its steps. Its processes hold the pipe's other end.
class PausedLaunch {
 public:
  /// For LaunchScene::options().
  static constexpr const char* kFault = "pause:9";
  /// What it and its processes have as the pipe's end.
  static constexpr int kFd = 9;

  PausedLaunch(const Words& words, StartOptions options);
  /// The same for options that say nothing of a fault yet.
  PausedLaunch(const Words& words, const StartOptions& options, const std::string& step);
  /// False where it never came to the step.
  bool reached() { return read_some() > 0; }
  /// All of its processes are gone: nobody holds the pipe any more.
  bool gone() { return read_some() == 0; }
  void resume() { report_.read.reset(); }
  Process& process() { return *process_; }

 private:
  ssize_t read_some();

  sys::Pipe report_ = sys::make_pipe();
  std::optional<Process> process_;
};

}  // namespace nslaunch::test
