#include "cli/startup.hpp"

#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <csignal>
#include <filesystem>
#include <string_view>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

std::string own_file() {
  std::error_code unknown;
  const auto file = std::filesystem::read_symlink("/proc/self/exe", unknown);
  return unknown ? "FILE" : sys::shell_quote({file.string()});
}

bool is_set_id() {
  struct stat status = {};
  return ::stat("/proc/self/exe", &status) != 0 || (status.st_mode & (S_ISUID | S_ISGID)) != 0;
}

}  // namespace

void refuse_lent_rights() {
  if (::getauxval(AT_SECURE) == 0) return;
  const bool set_id = is_set_id();
  throw Error({},
              fmt::format("this copy of nslaunch gives whoever starts it rights that they lack ({}): refused",
                          set_id ? "it is set-user-id or set-group-id" : "it has file capabilities"),
              fmt::format("It needs none of its own. Take them away: {} {}",
                          set_id ? "chmod ug-s" : "setcap -r", own_file()));
}

namespace {

/// Twice what a run has been observed to use.
constexpr rlim_t kLeastStack = 256 << 10;

/// A failure can't be reported anywhere.
void say(std::string_view text) noexcept {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

void fail_instead(int) {}

/// As with an ignored signal, a write then fails with EFBIG, but no command inherits it.
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
