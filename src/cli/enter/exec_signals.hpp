#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "shard/wire/protocol.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::cli {

/// What signals to nslaunch exec do: they are handed to its process in the shard, by the shard's init, and
/// end exec itself where that leads to nothing.
class ExecSignals {
 public:
  struct Target {
    int connection;    ///< that the process was asked for on; the caller's
    pid_t init;        ///< as we see it, to be named where it does not go on
    bool is_anothers;  ///< the process: its user can keep it from ending
    bool on_terminal;  ///< whose keys are the process's
  };

  explicit ExecSignals(const Target& target) : target_(target) {}

  /// Hands a signal on. False: exec is to end.
  bool pass(int signal);
  /// So many keys for an interrupt go to the process, as bytes. False: exec is to end.
  bool interrupts_typed(std::size_t count);
  /// The caller's terminal has been closed.
  void hung_up();
  /// An answer has come from init.
  void take(const shard::Message& answer);
  /// Till there is something to tell, as poll(2) takes it.
  int poll_timeout() const noexcept;
  /// Says what is due: that a signal has led to nothing, and what the next one does. After a hangup exec
  /// ends.
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
  std::int32_t question_ = 0;                  ///< the number of the last one to init
  std::optional<sys::Deadline> sign_of_life_;  ///< till when init is to have answered
  bool silent_ = false;                        ///< it has not
  std::optional<sys::Deadline> end_;           ///< till when the process is to have ended, without a word
  bool signalled_ = false;                     ///< not by keys alone
  std::size_t keys_ = 0;                       ///< that have come one soon after the other
  sys::Clock::time_point last_key_{};
  bool told_ = false;     ///< that it has not ended
  bool hung_up_ = false;  ///< nobody is there any more to send another signal
  int given_up_ = 0;
};

}  // namespace nslaunch::cli
