#include "support/paused_launch.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "sys/base/check.hpp"

namespace nslaunch::test {
namespace {

StartOptions paused_at(StartOptions options, const std::string& step) {
  options.environment.push_back(fmt::format("NSLAUNCH_FAULT={}:{}", step, PausedLaunch::kFault));
  return options;
}

}  // namespace

PausedLaunch::PausedLaunch(const Words& words, StartOptions options) {
  const auto also = options.prepare;
  const int number = report_.write.get();
  options.prepare = [=] {
    if (also) also();
    if (::dup2(number, kFd) < 0) ::_exit(97);
  };
  process_.emplace(words, options);
  report_.write.reset();
}

PausedLaunch::PausedLaunch(const Words& words, const StartOptions& options, const std::string& step)
    : PausedLaunch(words, paused_at(options, step)) {}

bool PausedLaunch::reached(std::ptrdiff_t processes) {
  while (processes > 0) {
    const auto pids = read_some();
    if (pids.empty()) return false;
    processes -= std::ranges::count(pids, '\n');
  }
  return true;
}

std::string PausedLaunch::read_some() {
  pollfd watched = {report_.read.get(), POLLIN, 0};
  const auto patience = static_cast<int>(std::chrono::milliseconds(kPatience).count());
  if (sys::retry_on_eintr([&] { return ::poll(&watched, 1, patience); }) != 1)
    throw std::runtime_error("a launch neither comes to its step nor ends");
  char text[64];
  const auto count = ::read(report_.read.get(), text, sizeof text);
  return count > 0 ? std::string(text, static_cast<std::size_t>(count)) : std::string();
}

}  // namespace nslaunch::test
