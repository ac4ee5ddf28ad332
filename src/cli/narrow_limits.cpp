#include "cli/narrow_limits.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <string_view>

namespace nslaunch::cli {
namespace {

/// Twice what a run has been seen to take.
constexpr rlim_t kLeastStack = 256 << 10;

/// Nobody is left to tell of a failure.
void say(std::string_view text) noexcept {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

void fail_instead(int) {}

/// As for a signal that is ignored a write then fails with EFBIG, but nobody inherits it.
void have_large_writes_fail() noexcept {
  struct sigaction action = {};
  action.sa_handler = fail_instead;
  action.sa_flags = SA_RESTART;
  struct sigaction before = {};
  ::sigaction(SIGXFSZ, &action, &before);
  if (before.sa_handler == SIG_IGN) ::sigaction(SIGXFSZ, &before, nullptr);
}

}  // namespace

bool endure_narrow_limits() noexcept {
  have_large_writes_fail();
  rlimit stack = {};
  if (::getrlimit(RLIMIT_STACK, &stack) != 0 || stack.rlim_cur >= kLeastStack) return true;
  say("nslaunch: the limit on the stack is too low: nslaunch needs 256 KiB\n"
      "nslaunch: in this shell: ulimit -s 8192\n");
  return false;
}

void say_out_of_memory() noexcept {
  say("nslaunch: there is no memory left: the machine's, or this shell's limits on it (ulimit -v, ulimit "
      "-d)\n"
      "nslaunch: in this shell: ulimit -v unlimited; ulimit -d unlimited\n");
}

}  // namespace nslaunch::cli
