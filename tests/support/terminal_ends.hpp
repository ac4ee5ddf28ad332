#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <utility>

#include "support/process.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// Both ends of a pseudoterminal that changes nothing of what is written and that nobody reads.
struct TerminalEnds {
  TerminalEnds() : master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE((master && ::unlockpt(master.get()) == 0));
    terminal.reset(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios modes = {};
    REQUIRE(::tcgetattr(terminal.get(), &modes) == 0);
    ::cfmakeraw(&modes);
    REQUIRE(::tcsetattr(terminal.get(), TCSANOW, &modes) == 0);
  }
  /// Waits until there is something to read, and no more comes.
  bool is_full() const {
    int last = 0;
    int same = 0;
    return eventually([&] {
      int size = 0;
      if (::ioctl(master.get(), FIONREAD, &size) != 0) return false;
      same = size > 0 && size == std::exchange(last, size) ? same + 1 : 0;
      return same == 10;
    });
  }
  /// All that is shown, to the end of `text`; what there was if nothing more comes.
  std::string read_until(const std::string& text) const {
    std::string all;
    char chunk[4096];
    pollfd shown = {master.get(), POLLIN, 0};
    const auto patience = static_cast<int>(std::chrono::milliseconds(kPatience).count());
    while (!all.ends_with(text) && ::poll(&shown, 1, patience) == 1) {
      const ssize_t count = ::read(master.get(), chunk, sizeof chunk);
      if (count <= 0) break;
      all.append(chunk, static_cast<std::size_t>(count));
    }
    return all;
  }
  sys::Fd master;
  sys::Fd terminal;
};

}  // namespace nslaunch::test
