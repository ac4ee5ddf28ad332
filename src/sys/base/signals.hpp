#pragma once

#include <sys/signalfd.h>

#include <array>
#include <csignal>
#include <optional>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// A value around sigset_t.
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

/// The caller's blocked signals and what it made of SIGCHLD, as they were when nslaunch started: both
/// survive exec, so the command must get exactly these. The other dispositions are never changed.
struct SignalState {
  SignalSet blocked;
  bool ignores_children = false;

  static SignalState current();
  /// Gives this process, which is about to exec, this state back. Returns 0 or an errno.
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

/// Lets a write past the caller's RLIMIT_FSIZE fail with EFBIG instead of killing us, for as long as it
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

/// Those of the blocked signals in `set` as a readable descriptor.
Fd make_signalfd(const SignalSet& set);
/// The next one; nothing where none is pending. Throws Error.
std::optional<signalfd_siginfo> read_signal(int signalfd);
/// Takes all that are pending, as far as that works.
void discard_signals(int signalfd) noexcept;

/// The stop signals that can be caught.
constexpr bool is_stop_signal(int signal) noexcept {
  return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/// Whether one of them is blocked and pending.
bool is_stop_pending() noexcept;

/// Takes an instance of a blocked signal that is pending, if there is one.
std::optional<siginfo_t> take_pending(int signal) noexcept;
/// Lets a pending, blocked signal do its work now, and blocks it again.
void deliver_pending(int signal) noexcept;

/// A child makes us its tracer (PTRACE_TRACEME), and each signal stops it till that lets it go on, which
/// waitid(2) tells as `trapped` (K72). As if nobody had been there: it gets the signal, and is traced no
/// more.
void untrace(const siginfo_t& trapped) noexcept;

/// Sets one signal's action, after which an interrupted call goes on, and returns what it was.
struct sigaction set_handler(int signal, void (*handler)(int)) noexcept;
/// Sets one signal's action to its default and returns what it was.
struct sigaction reset_signal(int signal) noexcept;
/// The same for ignoring it.
struct sigaction ignore_signal(int signal) noexcept;
/// As execve(2) does: sets each signal that has a handler to its default. For a child that is no other
/// program, and must not do what its parent's handlers do.
void reset_handlers() noexcept;

}  // namespace nslaunch::sys
