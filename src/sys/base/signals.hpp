#pragma once

#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// A value type around sigset_t.
class SignalSet {
 public:
  SignalSet() noexcept { ::sigemptyset(&set_); }
  explicit SignalSet(const sigset_t& set) noexcept : set_(set) {}
  void add(int signal) noexcept { ::sigaddset(&set_, signal); }
  void remove(int signal) noexcept { ::sigdelset(&set_, signal); }
  bool contains(int signal) const noexcept { return ::sigismember(&set_, signal) == 1; }
  const sigset_t& native() const noexcept { return set_; }

 private:
  sigset_t set_;
};

/// The caller's signal mask and its action for SIGCHLD when nslaunch started: both survive exec, so the
/// command must get exactly these. The other actions are never changed.
struct SignalState {
  SignalSet blocked;
  bool ignores_children = false;

  static SignalState current();
  /// Restores this state in this process, which is about to exec. Returns 0 or an errno.
  int restore() const noexcept;
};

/// Whether this process ignores `signal`, as the caller has left it.
bool is_ignored(int signal) noexcept;

/// Adds `set` to the blocked signals for as long as it lives.
class BlockedSignals {
 public:
  explicit BlockedSignals(const SignalSet& set);
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals();

 private:
  sigset_t before_;
};

/// Makes a write past the caller's RLIMIT_FSIZE fail with EFBIG instead of killing us, for as long as it
/// lives.
class IgnoredFileSizeSignal {
 public:
  IgnoredFileSizeSignal() noexcept;
  IgnoredFileSizeSignal(const IgnoredFileSizeSignal&) = delete;
  IgnoredFileSizeSignal& operator=(const IgnoredFileSizeSignal&) = delete;
  ~IgnoredFileSizeSignal();

 private:
  struct sigaction before_;
};

/// A signalfd for the signals in `set`, which must be blocked.
Fd make_signalfd(const SignalSet& set);
/// The next signal; nothing if none is pending. Throws Error.
std::optional<signalfd_siginfo> read_signal(int signalfd);
/// Takes all pending signals, as far as that works.
void discard_signals(int signalfd) noexcept;

/// The signals with which somebody asks a process to end.
constexpr std::array kEndingSignals{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
constexpr bool is_ending_signal(int signal) noexcept {
  return std::ranges::find(kEndingSignals, signal) != kEndingSignals.end();
}

/// Those of them that this process does not ignore.
SignalSet ending_signals() noexcept;

/// The stop signals that can be caught.
constexpr bool is_stop_signal(int signal) noexcept {
  return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/// Whether one of them is blocked and pending.
bool is_stop_pending() noexcept;

/// Takes one pending instance of a blocked signal, if there is one.
std::optional<siginfo_t> take_pending(int signal) noexcept;
/// Delivers a pending, blocked signal now, and blocks it again.
void deliver_pending(int signal) noexcept;

/// Detaches a child that made us its tracer (PTRACE_TRACEME): each signal stops it until the tracer continues
/// it, which waitid(2) reports as `trapped` (K72). The child receives the signal as if it had not been
/// traced.
void untrace(const siginfo_t& trapped) noexcept;

/// Sets one signal's action, with SA_RESTART, and returns the previous one.
struct sigaction set_handler(int signal, void (*handler)(int)) noexcept;
/// Sets one signal's action to its default and returns the previous one.
struct sigaction reset_signal(int signal) noexcept;
/// The same, but ignores it.
struct sigaction ignore_signal(int signal) noexcept;
/// Resets each signal that has a handler to its default, as execve(2) does. For a child that does not exec,
/// and must not run its parent's handlers.
void reset_handlers() noexcept;

}  // namespace nslaunch::sys
