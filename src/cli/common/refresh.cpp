#include "cli/common/refresh.hpp"

#include <poll.h>

#include "sys/base/waiting.hpp"

namespace nslaunch::cli {

std::string in_place(std::string_view text) {
  constexpr const char* kTop = "\033[H";
  constexpr const char* kClearLine = "\033[K";
  constexpr const char* kClearBelow = "\033[J";
  std::string shown = kTop;
  for (const char letter : text) {
    if (letter == '\n') shown += kClearLine;
    shown += letter;
  }
  return shown + kClearBelow;
}

void show_once_or_again(bool again, const std::function<void()>& show) {
  show();
  if (!again) return;
  for (;;) {
    sys::check_wait(::poll(nullptr, 0, 1000), "waiting for a second");
    show();
  }
}

}  // namespace nslaunch::cli
