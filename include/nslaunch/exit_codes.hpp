#pragma once

namespace nslaunch {

// Exit statuses of nslaunch other than the command's own: those of timeout(1), env(1) and shells, and 123.

/// Some of several commands failed.
constexpr int kSomeFailed = 1;
/// The command passed but left processes behind, and leaks count as a failure (LeakPolicy::kFail).
constexpr int kLeaked = 123;
/// A time limit expired.
constexpr int kTimedOut = 124;
/// nslaunch itself failed, or was used wrongly.
constexpr int kOwnFailure = 125;
/// The command was found but can't be executed.
constexpr int kNotExecutable = 126;
/// The command was not found.
constexpr int kNotFound = 127;

/// The status of a process that a signal killed.
constexpr int status_of_signal(int signal) noexcept {
  return 128 + signal;
}

}  // namespace nslaunch
