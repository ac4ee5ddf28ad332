#include "sys/base/signals.hpp"

#include <sys/ptrace.h>
#include <unistd.h>

#include <cstdint>

#include "sys/base/check.hpp"

namespace nslaunch::sys {
SignalState SignalState::current() {
  SignalState state;
  sigset_t blocked;
  check(::sigprocmask(SIG_SETMASK, nullptr, &blocked), "reading the blocked signals");
  state.blocked = SignalSet(blocked);
  state.ignores_children = is_ignored(SIGCHLD);
  return state;
}

int SignalState::restore() const noexcept {
  if (ignores_children) ignore_signal(SIGCHLD);
  return ::sigprocmask(SIG_SETMASK, &blocked.native(), nullptr) == 0 ? 0 : errno;
}

bool is_ignored(int signal) noexcept {
  struct sigaction action = {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

BlockedSignals::BlockedSignals(const SignalSet& set) {
  check(::sigprocmask(SIG_BLOCK, &set.native(), &before_), "blocking signals");
}

BlockedSignals::~BlockedSignals() {
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

IgnoredFileSizeSignal::IgnoredFileSizeSignal() noexcept : before_(ignore_signal(SIGXFSZ)) {}

IgnoredFileSizeSignal::~IgnoredFileSizeSignal() {
  ::sigaction(SIGXFSZ, &before_, nullptr);
}

Fd make_signalfd(const SignalSet& set) {
  return Fd(check(::signalfd(-1, &set.native(), SFD_CLOEXEC | SFD_NONBLOCK), "making a signalfd"));
}

std::optional<signalfd_siginfo> read_signal(int signalfd) {
  signalfd_siginfo info = {};
  const ssize_t count = retry_on_eintr([&] { return ::read(signalfd, &info, sizeof info); });
  if (count == static_cast<ssize_t>(sizeof info)) return info;
  if (errno == EAGAIN) return std::nullopt;
  throw Error(errno_code(errno),
              "hearing of signals");  // otherwise a loop on the descriptor would spin
}

SignalSet ending_signals() noexcept {
  SignalSet ending;
  for (const int signal : kEndingSignals) {
    if (!is_ignored(signal)) ending.add(signal);
  }
  return ending;
}

void discard_signals(int signalfd) noexcept {
  signalfd_siginfo info = {};
  while (retry_on_eintr([&] { return ::read(signalfd, &info, sizeof info); }) > 0) continue;
}

bool is_stop_pending() noexcept {
  sigset_t pending;
  ::sigpending(&pending);
  for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU}) {
    if (::sigismember(&pending, signal) == 1) return true;
  }
  return false;
}

std::optional<siginfo_t> take_pending(int signal) noexcept {
  SignalSet one;
  one.add(signal);
  const timespec at_once = {};
  siginfo_t info = {};
  if (::sigtimedwait(&one.native(), &info, &at_once) != signal) return std::nullopt;
  return info;
}

void deliver_pending(int signal) noexcept {
  SignalSet one;
  one.add(signal);
  ::sigprocmask(SIG_UNBLOCK, &one.native(), nullptr);
  ::sigprocmask(SIG_BLOCK, &one.native(), nullptr);
}

void untrace(const siginfo_t& trapped) noexcept {
  const int stopped_by = trapped.si_status & 0x7f;  // the bits above it: the ptrace event
  siginfo_t info = {};
  // The SIGTRAP of an execve(2), for the tracer only, comes as if from the process itself.
  const bool is_of_exec = stopped_by == SIGTRAP &&
                          ::ptrace(PTRACE_GETSIGINFO, trapped.si_pid, nullptr, &info) == 0 &&
                          info.si_code == SI_USER && info.si_pid == trapped.si_pid;
  const std::intptr_t signal = is_of_exec ? 0 : stopped_by;
  ::ptrace(PTRACE_DETACH, trapped.si_pid, nullptr, signal);
}

struct sigaction set_handler(int signal, void (*handler)(int)) noexcept {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  struct sigaction before = {};
  ::sigaction(signal, &action, &before);
  return before;
}

void reset_handlers() noexcept {
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    struct sigaction action = {};
    if (::sigaction(signal, nullptr, &action) != 0) continue;
    if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN) reset_signal(signal);
  }
}

struct sigaction reset_signal(int signal) noexcept {
  return set_handler(signal, SIG_DFL);
}

struct sigaction ignore_signal(int signal) noexcept {
  return set_handler(signal, SIG_IGN);
}

}  // namespace nslaunch::sys
