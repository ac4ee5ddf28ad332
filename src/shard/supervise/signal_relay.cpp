#include "shard/supervise/signal_relay.hpp"

#include <unistd.h>

#include <limits>

namespace nslaunch::shard {
namespace {

/// Returns when every signal to our process group whose delivery had begun is delivered (K4). No group has
/// that number, so nothing changes. Our own group's number would not do: if the group is not in our PID
/// namespace, getpgrp() returns 0, which makes setpgid create a group of our own.
void wait_out_group_sends() noexcept {
  ::setpgid(0, std::numeric_limits<pid_t>::max());
}

}  // namespace

sys::SignalSet handled_signals() {
  sigset_t all;
  ::sigfillset(&all);
  sys::SignalSet handled(all);
  handled.remove(SIGCHLD);
  return handled;
}

/// The SIGCONT that we have taken may be outdated: a stop signal that came after it has discarded it wherever
/// it was still pending, in init too. If forwarded now, it would continue what that signal has stopped.
void SignalRelay::forward_continue() {
  wait_out_group_sends();
  if (!sys::is_stop_pending()) peer_.send(Kind::kForward, SIGCONT);
}

std::optional<siginfo_t> SignalRelay::forward(int signal) {
  if (sys::is_stop_signal(signal)) stop_forwarded_ = true;
  // A SIGSTOP to the whole group has stopped init too, and a SIGCONT to us alone must reach it first.
  if (signal == SIGCONT) init_.queue_signal(SIGCONT);
  if (plan_.own_process_group) {
    peer_.send(Kind::kForward, signal);
    peer_.expect_sign_of_life();
    return std::nullopt;
  }
  wait_out_group_sends();
  const bool sent_to_group = peer_.ask(Kind::kForwardAlone, signal);
  if (!sent_to_group && signal == SIGCONT) forward_continue();
  if (!sent_to_group || signal >= SIGRTMIN) return std::nullopt;
  // Init's answer may be about a second signal to the group just after the first: then that has arrived here
  // by now, too.
  wait_out_group_sends();
  return sys::take_pending(signal);
}

void SignalRelay::forward_from_terminal(int signal) {
  wait_out_group_sends();
  peer_.send(Kind::kFromTerminal, signal);
  peer_.expect_sign_of_life();
}

/// The shell waits for us, so we stop after the command has stopped, not before: a shell that gets its prompt
/// back while the command still reads the terminal loses what is typed next (K21). A report of a stop may be
/// outdated when we receive it, and a SIGCONT that arrives between the question and our own stop must not be
/// lost: our stop signal is pending before init is asked, and the kernel discards it when a SIGCONT arrives.
/// SIGSTOP can't be kept pending: SIGTSTP takes its place.
sys::Clock::duration SignalRelay::mirror_stop(int signal) {
  if (plan_.own_process_group && !std::exchange(stop_forwarded_, false)) return {};
  const int revocable = signal == SIGSTOP ? SIGTSTP : signal;
  sys::SignalSet one;
  one.add(revocable);
  const sys::BlockedSignals held_back(one);
  const auto action = sys::reset_signal(revocable);
  ::kill(::getpid(), revocable);
  wait_out_group_sends();
  sys::Clock::duration pause{};
  if (peer_.ask(Kind::kAskStopped)) {
    const auto stopped_at = sys::Clock::now();
    if (signal != SIGSTOP) {
      sys::deliver_pending(revocable);
    } else if (sys::take_pending(revocable)) {
      ::kill(::getpid(), SIGSTOP);
    }
    pause = sys::Clock::now() - stopped_at;
  } else {
    sys::take_pending(revocable);
  }
  ::sigaction(revocable, &action, nullptr);
  return pause;
}

}  // namespace nslaunch::shard
