#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "shard/wire/protocol.hpp"
#include "sys/base/clock.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::shard {

/// The launcher's half of the talk with init, once the command runs.
class Peer {
 public:
  /// `channel` never waits (sys::never_wait()). Both must outlive it.
  Peer(int channel, sys::Loop& loop) noexcept : channel_(channel), loop_(loop) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// What the channel has no room for follows, in its order, when the loop finds room; the same thing twice
  /// only once, and no question, which is asked again.
  void send(Kind kind, int code = 0);
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
  struct Waiting {
    Kind kind;
    int code;
    friend bool operator==(const Waiting&, const Waiting&) = default;
  };

  bool try_to_send(Kind kind, int code) noexcept;
  void send_waiting() noexcept;
  std::optional<Message> receive_message();
  void note_life() noexcept;

  int channel_;
  sys::Loop& loop_;
  int questions_ = 0;
  std::size_t received_ = 0;
  int unsent_ = 0;  ///< the error that has kept something from being sent
  bool fell_silent_ = false;
  std::optional<sys::Deadline> sign_of_life_;
  std::deque<Message> inbox_;
  std::deque<Waiting> waiting_;
  sys::Loop::Watch room_watch_;
};

}  // namespace nslaunch::shard
