#include "cli/common/die.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "sys/base/signals.hpp"

namespace nslaunch::cli {

void die_of(int signal) {
  if (::getpid() == 1) return;
  ::prctl(PR_SET_DUMPABLE, 0);
  sys::reset_signal(signal);
  sys::SignalSet one;
  one.add(signal);
  ::kill(::getpid(), signal);
  ::sigprocmask(SIG_UNBLOCK, &one.native(), nullptr);
}

}  // namespace nslaunch::cli
