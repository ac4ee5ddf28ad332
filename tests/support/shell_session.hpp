#pragma once

#include <sys/types.h>

#include <string>

#include "support/pty.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::test {

/// An interactive bash on a terminal, as a person has it. Its variables: $N is nslaunch, $P the probe, $D
/// a directory that is seen in shards (and the working directory). What is typed is echoed: so that the echo
/// does not look like the output, write a word that is printed as wo''rd where it is typed.
class ShellSession {
 public:
  explicit ShellSession(PtySession::Size size = {24, 200});

  PtySession& terminal() { return terminal_; }
  const std::string& directory() const { return directory_.path(); }
  /// Types text, and Enter.
  void type(const std::string& line) { terminal_.send(line + "\n"); }
  void press(char control) { terminal_.send(std::string(1, static_cast<char>(control & 0x1f))); }
  void expect(const std::string& text) { terminal_.expect(text); }
  /// Waits for the prompt and requires that it tells of `status`.
  void expect_prompt(int status);
  /// What stood in the output between `before` and `after`.
  std::string read_between(const std::string& before, const std::string& after);
  pid_t read_pid(const std::string& before);
  /// Waits until the process group has the terminal, and so its modes, and runs; what is typed before is the
  /// shell's.
  bool has_foreground(pid_t group);
  /// A script in $D.
  void write(const std::string& name, const std::string& text) const;

 private:
  TempDir records_;
  TempDir directory_;
  PtySession terminal_;
};

constexpr const char* kProbeReady = "ready\r\n";

}  // namespace nslaunch::test
