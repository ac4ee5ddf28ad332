#include "bench/interrupt.hpp"

#include <cerrno>
#include <csignal>
#include <system_error>

namespace nslaunch::bench {
namespace {

// The one thing a signal handler may do is to leave a note.
volatile std::sig_atomic_t caught = 0;

void note(int signal) {
  caught = signal;
}

}  // namespace

void install_interrupt_handlers() {
  struct sigaction action = {};
  action.sa_handler = note;  // without SA_RESTART: a wait must end
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) sigaction(signal, &action, nullptr);
}

void throw_if_interrupted() {
  if (caught != 0) throw Interrupted{caught};
}

long check(long rc, const std::string& doing) {
  if (rc >= 0) return rc;
  const int error = errno;
  throw_if_interrupted();
  throw std::system_error(error, std::generic_category(), doing);
}

}  // namespace nslaunch::bench
