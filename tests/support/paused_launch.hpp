#pragma once

#include <cstddef>
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
  /// False where it, or so many of several, never came to the step.
  bool reached(std::ptrdiff_t processes = 1);
  /// All of its processes are gone: nobody holds the pipe any more.
  bool gone() { return read_some().empty(); }
  void resume() { report_.read.reset(); }
  Process& process() { return *process_; }

 private:
  /// The pids that have come, a line each; empty where none will.
  std::string read_some();

  sys::Pipe report_ = sys::make_pipe();
  std::optional<Process> process_;
};

}  // namespace nslaunch::test
