#pragma once

namespace nslaunch {

// The statuses that nslaunch ends with besides the command's own: those of timeout(1), env(1) and shells, and
// 123.

/// Of several commands, some have failed.
constexpr int kSomeFailed = 1;
/// The command passed and left processes behind, which was to count (LeakPolicy::kFail).
constexpr int kLeaked = 123;
/// A time limit has passed.
constexpr int kTimedOut = 124;
/// nslaunch itself failed, or was used wrongly.
constexpr int kOwnFailure = 125;
/// The command was found and can't be executed.
constexpr int kNotExecutable = 126;
/// The command was not found.
constexpr int kNotFound = 127;

/// Of whoever a signal has ended.
constexpr int status_of_signal(int signal) noexcept {
  return 128 + signal;
}

}  // namespace nslaunch
