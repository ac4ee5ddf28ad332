#include "shard/supervise/hold.hpp"

#include <termios.h>
#include <unistd.h>

#include <algorithm>

#include "inspect/snapshot/shard.hpp"
#include "shard/diagnose/explain_held.hpp"
#include "sys/base/check.hpp"
#include "sys/base/values.hpp"
#include "sys/io/terminal.hpp"

namespace nslaunch::shard {
namespace {

/// A shell of the command's, or timeout(1), may have made a group of its own the foreground group, and its
/// members may still run. A foreground group from outside the shard keeps the terminal.
bool is_of_shard(pid_t group, pid_t init) try {
  const auto members = inspect::members_of(init);
  return std::any_of(members.begin(), members.end(),
                     [&](const inspect::Member& member) { return member.stat.process_group == group; });
} catch (const Error&) {
  return false;  // unknown
}

/// Makes announcements readable and lets Ctrl-C reach us: a full-screen program that failed has left the
/// terminal's modes behind, too. Returns whether that worked.
bool make_terminal_usable(int terminal, pid_t init) {
  sys::take_back_terminal(terminal, ::getpgrp());
  const pid_t foreground = ::tcgetpgrp(terminal);
  if (foreground != ::getpgrp()) {
    if (!is_of_shard(foreground, init)) return false;
    sys::take_terminal(terminal);
  }
  termios modes = {};
  if (::tcgetattr(terminal, &modes) != 0) return false;
  modes.c_lflag |= ISIG;
  modes.c_oflag |= OPOST | ONLCR;
  return ::tcsetattr(terminal, TCSANOW, &modes) == 0;
}

}  // namespace

bool Hold::begin(const Message& held, EndCause cause) {
  if (!hooks_.held || !hooks_.held()) {
    announcer_.announce("the shard is not held: it has no record, so nobody could enter it");
    decline();
    return false;
  }
  began_ = sys::Clock::now();
  until_.emplace(*plan_.spec.hold_on_failure);
  const auto terminal = plan_.own_process_group ? sys::Fd() : sys::open_controlling_terminal();
  const bool in_front = terminal && make_terminal_usable(terminal.get(), shard_.init_pid);
  announcer_.announce(explain_held(plan_.spec, {.wait_status = held.code,
                                                .cause = cause,
                                                .on_terminal = in_front,
                                                .listening = unpack(held.payload)}));
  return true;
}

void Hold::decline() {
  peer_.send(Kind::kLetGo);
  if (hooks_.stopping) hooks_.stopping();
}

void Hold::let_go() {
  if (!lasts()) return;
  lasted_ = lasted();
  until_.reset();
  decline();
}

void Hold::keep_deadline() {
  if (!lasts() || !until_->passed()) return;
  announcer_.announce(fmt::format("the shard was held for {}: it ends now",
                                  sys::format_duration(*plan_.spec.hold_on_failure)));
  let_go();
}

void Hold::postpone(sys::Clock::duration pause) noexcept {
  if (lasts()) until_->postpone(pause);
}

sys::Clock::duration Hold::lasted() const noexcept {
  return lasts() ? sys::Clock::now() - began_ : lasted_;
}

}  // namespace nslaunch::shard
