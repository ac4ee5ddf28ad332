#include "sys/process/keeper.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/as_user.hpp"
#include "sys/process/forked.hpp"

namespace nslaunch::sys {
namespace {

/// How long a killed child may take to end, even on a busy machine.
constexpr std::chrono::seconds kKillLimit{1};

[[noreturn]] void keep(pid_t parent, int descriptor) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // sent after the kernel has closed our descriptors
  if (::getppid() != parent) ::_exit(0);
  ::setsid();  // a signal to our process group must not end it before us
  close_all_except({descriptor});
  for (;;) ::pause();
}

}  // namespace

Keeper::Keeper(int descriptor, uid_t whose) : whose_(whose) {
  const pid_t self = ::getpid();
  child_ = check(fork_untold(), "starting a process that keeps a terminal");
  if (child_ == 0) keep(self, descriptor);
  handle_ = Pidfd::open(child_);
}

Keeper::~Keeper() {
  ::kill(child_, SIGKILL);
  siginfo_t end = {};
  if (handle_ && handle_->wait_for_end(kKillLimit)) {
    retry_on_eintr(
        [&] { return ::waitid(P_PID, static_cast<id_t>(child_), &end, WEXITED | WNOHANG | __WALL); });
  } else if (handle_) {
    warn_of_unkillable(child_, fmt::format("closing the terminal of user {}", whose_));
  }
}

}  // namespace nslaunch::sys
