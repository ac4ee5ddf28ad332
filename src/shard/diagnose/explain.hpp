#pragma once

#include <nslaunch/error.hpp>
#include <nslaunch/outcome.hpp>

#include <chrono>
#include <string>

#include "shard/plan/plan.hpp"
#include "shard/wire/protocol.hpp"

namespace nslaunch::shard {

std::error_code code_of(const Message& failure);

/// The error for a failed step: what was being done, what failed and, where the cause can be told
/// from the step, the number and the machine's settings, what to do.
Error explain(const Plan& plan, const Message& failure);

/// The error for a command that can't be executed, as a shell would tell it: 126 or 127. `has_file`: its
/// path, if it is one, leads to a file for whoever was to run it.
CommandError explain_command(const std::string& command, int error, bool has_file);

/// Throws what a message other than the expected one means: explain()'s error, or CommandError.
[[noreturn]] void throw_failure(const Plan& plan, const Message& failure);

/// Init has sent what is none of its messages. It can't be trusted any more: its shard is to be ended.
Error explain_nonsense();

/// A signal came before the command had started: there is no shard any more.
class EndedLaunch : public Error {
 public:
  explicit EndedLaunch(int signal);

  int signal() const noexcept { return signal_; }

 private:
  int signal_;
};

/// The error for a launch that has had its time.
Error explain_slow_launch(std::chrono::milliseconds limit);

/// Init has ended itself and with it the shard, after this error.
Error explain_failed_init(int error);

/// Somebody outside killed init while the command ran.
class KilledInit : public Error {
 public:
  KilledInit(int signal, std::string doing, std::string advice)
      : Error({}, std::move(doing), std::move(advice)), signal_(signal) {}

  int signal() const noexcept { return signal_; }

 private:
  int signal_;
};
KilledInit explain_killed_init(const Outcome& outcome, int signal);

/// The warning for an init that is killed because it does not end after its command; `why` it does not. What
/// the launch's status is by `leaks` is said at the end.
std::string explain_stuck_init(const std::string& why, LeakPolicy leaks);

/// The warning for a shard whose end somebody holds up (`teardown_blocker`, as inspect::find_teardown_blocker
/// names it).
std::string explain_held_up(const std::string& teardown_blocker);

/// How much isolation there is privilege for, as -v says it.
std::string explain_privilege_mode(PrivilegeMode privilege_mode);

/// The warning for a step that failed and may be missing.
std::string explain_missing(const Message& missing);

}  // namespace nslaunch::shard
