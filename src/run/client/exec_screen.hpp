#pragma once

#include <string>
#include <string_view>

#include "sys/base/fd.hpp"

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

}  // namespace nslaunch::run
