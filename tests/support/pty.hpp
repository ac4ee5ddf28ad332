#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "support/process.hpp"

namespace nslaunch::test {

/// A program on a terminal of its own, as a person would run it: session leader, controlling terminal,
/// foreground. Hung up, killed and reaped at the end of the scope.
class PtySession {
 public:
  struct Size {
    unsigned short rows = 24;
    unsigned short columns = 80;
  };

  explicit PtySession(const Words& words, const StartOptions& options = {}, Size size = {24, 80});
  PtySession(const PtySession&) = delete;
  PtySession& operator=(const PtySession&) = delete;
  ~PtySession();

  pid_t pid() const noexcept { return pid_; }
  void send(const std::string& text);
  /// Reads until `text` appears and forgets everything up to its end. Throws, with what was seen,
  /// after kPatience.
  void expect(const std::string& text) { read_until(text); }
  /// The same, and returns what stood before `text`.
  std::string read_until(const std::string& text);
  /// What has appeared and was not expected yet, after reading whatever is there now.
  std::string unread();
  void resize(Size size);
  pid_t foreground_group() const;
  /// Closes the terminal, as a closed window does.
  void hang_up();
  /// The end of the program itself; reads and forgets its output meanwhile.
  Result wait(std::chrono::milliseconds patience = kPatience);

 private:
  bool read_some(int timeout);

  pid_t pid_ = -1;
  sys::Pidfd pidfd_;
  sys::Fd master_;
  std::string seen_;
};

}  // namespace nslaunch::test
