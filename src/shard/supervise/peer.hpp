#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "shard/wire/protocol.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::shard {

/// The launcher's half of the talk with init, once the command runs.
class Peer {
 public:
  /// `channel` never waits (sys::never_wait()).
  explicit Peer(int channel) noexcept : channel_(channel) {}

  void send(Kind kind, int code = 0) noexcept;
  /// Init's answer to a yes-or-no question; no where init is gone, or somebody has stopped it and it does not
  /// answer within a second. Other messages that arrive meanwhile wait for next().
  bool ask(Kind question, int code = 0);
  /// Init has to say something within so long, or fell_silent() will tell: 2 s are longer than a busy machine
  /// keeps it waiting, shorter than a person thinks that nothing happens.
  void expect_sign_of_life(std::chrono::milliseconds limit = std::chrono::seconds{2});
  /// As poll(2) takes it: till then.
  int poll_timeout() const noexcept;
  /// Whether init has not answered: once for each time.
  bool fell_silent() noexcept;
  /// How many messages have arrived.
  std::size_t received() const noexcept { return received_; }
  /// next() has something to tell that has left the channel.
  bool has_news() const noexcept { return unsent_ != 0 || !inbox_.empty(); }
  /// What has arrived, in order; nothing where there is no more for now, or ever. Throws Error where init
  /// is there and can't be received, or has sent what is no message, or could not be told what it was to be
  /// told.
  std::optional<Message> next();

 private:
  std::optional<Message> receive_message();
  void note_life() noexcept;

  int channel_;
  int questions_ = 0;
  std::size_t received_ = 0;
  int unsent_ = 0;  ///< the error that has kept something from being sent
  bool fell_silent_ = false;
  std::optional<sys::Deadline> sign_of_life_;
  std::deque<Message> inbox_;
};

}  // namespace nslaunch::shard
