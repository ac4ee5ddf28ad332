#pragma once

#include <nslaunch/error.hpp>
#include <nslaunch/outcome.hpp>

#include <chrono>
#include <string>

#include "shard/plan/plan.hpp"
#include "shard/wire/protocol.hpp"

namespace nslaunch::shard {

std::error_code code_of(const Message& failure);

/// The error for a failed step: what was being done, what failed and, if the step, the error number and the
/// machine's settings show the cause, what to do.
Error explain(const Plan& plan, const Message& failure);

/// The error for a command that can't be executed, as a shell would report it: 126 or 127. `has_file`: its
/// path, if it is one, leads to a file for the user who was to run it.
CommandError explain_command(const std::string& command, int error, bool has_file);

/// Throws the error for a message other than the expected one: explain()'s error, or CommandError.
[[noreturn]] void throw_failure(const Plan& plan, const Message& failure);

/// Init has sent an invalid message. It can't be trusted any more, and its shard must be ended.
Error explain_nonsense();

/// The error for a launch that has exceeded its time limit.
Error explain_slow_launch(std::chrono::milliseconds limit);

/// Init has exited after this error, and the shard has ended with it.
Error explain_failed_init(int error);

/// Init was killed from outside while the command ran.
class KilledInit : public Error {
 public:
  KilledInit(int signal, std::string doing, std::string advice)
      : Error({}, std::move(doing), std::move(advice)), signal_(signal) {}

  int signal() const noexcept { return signal_; }

 private:
  int signal_;
};
KilledInit explain_killed_init(const Outcome& outcome, int signal);

/// The warning for an init that is killed because it does not end after its command; `why`: the reason. The
/// text about the launch's status depends on `leaks`.
std::string explain_stuck_init(const std::string& why, LeakPolicy leaks);

/// The warning for a shard whose end is held up (by `teardown_blocker`, as inspect::find_teardown_blocker
/// names it).
std::string explain_blocked_end(const std::string& teardown_blocker);

/// How much isolation the privileges allow, as -v prints it.
std::string explain_privilege_mode(PrivilegeMode privilege_mode);

/// The warning for a step that failed and may be missing.
std::string explain_missing(const Message& missing);

}  // namespace nslaunch::shard
