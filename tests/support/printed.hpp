#pragma once

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>

#include "run/show/printer.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// What `body` makes the printer write to stderr: at most 4 KiB.
inline std::string printed(const std::function<void(run::Printer&)>& body) {
  auto pipe = sys::make_pipe();
  const sys::Fd before(::dup(STDERR_FILENO));
  ::dup2(pipe.write.get(), STDERR_FILENO);
  {
    run::Printer printer;
    body(printer);
    printer.write_now();
  }
  ::dup2(before.get(), STDERR_FILENO);
  char text[4096];
  pipe.write.reset();
  const auto count = ::read(pipe.read.get(), text, sizeof text);
  return {text, static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

}  // namespace nslaunch::test
