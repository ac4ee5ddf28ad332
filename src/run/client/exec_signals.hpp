#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "shard/wire/protocol.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::run {

/// Handles signals to nslaunch exec: the shard's init passes them to the process in the shard, and they end
/// exec itself if that has no effect.
class ExecSignals {
 public:
  struct Target {
    int connection;    ///< over which the process was requested; not owned
    pid_t init;        ///< its pid as we see it, for messages if it makes no progress
    bool is_anothers;  ///< whether another user owns the process and can keep it from ending
    bool on_terminal;  ///< whether the process gets a terminal's keys
  };

  using Warn = std::function<void(std::string_view)>;

  ExecSignals(const Target& target, Warn warn) : target_(target), warn_(std::move(warn)) {}

  /// Passes a signal on. Returns false if exec is to end.
  bool pass(int signal);
  /// `count` keys for an interrupt go to the process, as bytes. Returns false if exec is to end.
  bool interrupts_typed(std::size_t count);
  /// The caller's terminal has been closed.
  void hung_up();
  /// Handles an answer from init.
  void take(const shard::Message& answer);
  /// The time until the next warning is due, as poll(2) takes it.
  int poll_timeout() const noexcept;
  /// Reports the warnings that are due: that a signal has had no effect, and what the next one does. After a
  /// hangup exec ends.
  void warn_if_due();
  /// The signal that has ended exec itself, or 0.
  int given_up() const noexcept { return given_up_; }

 private:
  bool give_up(int signal) noexcept;
  bool ask_for_sign_of_life();
  void await_end(bool by_signal);
  void forget_keys_of_long_ago() noexcept;
  bool end_is_due() const noexcept;
  const char* what_ends_exec(const char* on_terminal) const noexcept;
  void warn_of_silence();
  void warn_of_no_end();

  Target target_;
  Warn warn_;
  std::int32_t question_ = 0;                  ///< the number of the last question to init
  std::optional<sys::Deadline> sign_of_life_;  ///< the deadline for init's answer
  bool silent_ = false;                        ///< init has not answered in time
  std::optional<sys::Deadline> end_;           ///< the deadline for the end of the process, before a warning
  bool signalled_ = false;                     ///< by something other than keys
  std::size_t keys_ = 0;                       ///< interrupts typed in quick succession
  sys::Clock::time_point last_key_{};
  bool told_ = false;     ///< the process has been reported as not ended
  bool hung_up_ = false;  ///< the terminal is gone, so no further signal is expected
  int given_up_ = 0;
};

}  // namespace nslaunch::run
