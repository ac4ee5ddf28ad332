#pragma once

#include <optional>
#include <string>

#include "support/probe_signals.hpp"
#include "support/process.hpp"
#include "support/pty.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::test {

/// A command in a shard that counts signals, with or without a terminal. nslaunch leads its session and
/// its process group. Once it is constructed, the command counts.
class Counter {
 public:
  explicit Counter(bool on_terminal, const Words& options = {});

  pid_t launcher() const { return pty_ ? pty_->pid() : process_->pid(); }
  std::string line();
  Result wait() { return pty_ ? pty_->wait() : process_->wait(); }

 private:
  TempDir records_;
  std::optional<PtySession> pty_;
  std::optional<Process> process_;
};

/// What the command says of a signal.
inline std::string got(int signal) {
  return "signal " + std::to_string(signal);
}

}  // namespace nslaunch::test
