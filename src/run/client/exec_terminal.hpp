#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sys/base/fd.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::run {

/// The real terminal, on which a process's own one is shown at the real one's pace, without ever blocking.
class ExecScreen {
 public:
  /// `terminal`: a stream of ours that is one; it must outlive this.
  explicit ExecScreen(int terminal);

  /// To be watched for POLLOUT until show() has shown all.
  int descriptor() const noexcept { return again_ ? again_.get() : terminal_; }
  bool has_shown_all() const noexcept { return waiting_.empty(); }
  /// Shows as much as the terminal takes now. The rest waits: whoever writes more should, too.
  void show(std::string_view output);
  void show();

 private:
  int terminal_;
  sys::Fd again_;  ///< the same one, opened again
  std::string waiting_;
};

/// Keeps a process's own terminal at the size of the real one.
class ExecSize {
 public:
  struct Terminals {
    int real;  ///< a stream of ours
    int own;   ///< our end of the process's
  };
  /// `another`: the user who has that terminal, too, and so can hold the lock on its size indefinitely (K66).
  /// Everything must outlive this; `warn` must not throw.
  ExecSize(Terminals terminals, std::optional<uid_t> another,
           const std::function<void(std::string_view)>& warn, sys::Loop& loop);

  /// Passes the real one's size on. While the lock is held, it is tried again after a pause, a few times,
  /// then with the next changes, and after five failures in a row no more.
  void changed();

 private:
  void pass_on();
  void set();

  Terminals terminals_;
  std::optional<uid_t> another_;
  const std::function<void(std::string_view)>& warn_;
  bool is_held_ = false;
  int failures_ = 0;
  sys::Loop::Timer again_;
};

}  // namespace nslaunch::run
