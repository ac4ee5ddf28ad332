#include "run/client/exec_screen.hpp"

#include <cerrno>

#include "sys/base/patient_write.hpp"

namespace nslaunch::run {

ExecScreen::ExecScreen(int terminal) : terminal_(terminal), again_(sys::reopen_terminal(terminal)) {}

void ExecScreen::show(std::string_view output) {
  waiting_ += output;
  show();
}

void ExecScreen::show() {
  if (waiting_.empty()) return;
  const auto count = sys::write_without_blocking(descriptor(), waiting_);
  if (count > 0) waiting_.erase(0, static_cast<std::size_t>(count));
  if (count < 0 && errno != EAGAIN && errno != EINTR) waiting_.clear();
}

}  // namespace nslaunch::run
