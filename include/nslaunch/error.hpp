#pragma once

#include <stdexcept>
#include <string>
#include <system_error>

namespace nslaunch {

/// The one exception type of the library: what was being done, what failed, and what to do.
/// Thrown for nslaunch's own failures only (exit status 125); how a command ended is an Outcome.
class Error : public std::runtime_error {
 public:
  /// `doing` is a phrase such as "mounting /proc in the shard"; `advice` may be empty.
  Error(std::error_code code, std::string doing, std::string advice = {});

  const std::error_code& code() const noexcept { return code_; }
  const std::string& doing() const noexcept { return doing_; }
  const std::string& advice() const noexcept { return advice_; }

 private:
  std::error_code code_;
  std::string doing_;
  std::string advice_;
};

/// A request that cannot be carried out as it stands: the caller's mistake, not the machine's.
class UsageError : public Error {
 public:
  explicit UsageError(std::string what, std::string advice = {});
};

/// The command does not exist or can't be executed: it has not run.
class CommandError : public Error {
 public:
  CommandError(std::error_code code, std::string doing, int exit_status);

  /// 127: not found; 126: found but not executable. Same as a shell.
  int exit_status() const noexcept { return exit_status_; }

 private:
  int exit_status_;
};

/// A signal arrived before the command had started: the shard no longer exists.
class EndedLaunch : public Error {
 public:
  explicit EndedLaunch(int signal);

  int signal() const noexcept { return signal_; }

 private:
  int signal_;
};

}  // namespace nslaunch
