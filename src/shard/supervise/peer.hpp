#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "shard/wire/log.hpp"
#include "shard/wire/protocol.hpp"
#include "sys/base/clock.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::shard {

/// The launcher's side of the protocol with init, once the command runs.
class Peer {
 public:
  /// `channel` is non-blocking (sys::never_wait()). Both must outlive it.
  Peer(int channel, sys::Loop& loop, Log log = {}) noexcept
      : channel_(channel), loop_(loop), log_(std::move(log)) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// Messages for which the channel has no room are sent later, in order, when the loop finds room: like
  /// pending signals, duplicates only once unless they are real-time signals, and of a stop and a SIGCONT the
  /// later one; kAskStopped not at all, since it is asked again.
  void send(Kind kind, int code = 0);
  /// Init's answer to a yes-or-no question; false if init is gone, or another process has stopped it and it
  /// does not answer within a second (50 ms if it has not answered the question before). Other messages that
  /// arrive meanwhile are queued for next().
  bool ask(Kind question, int code = 0);
  /// Init must send something within `limit`, or fell_silent() reports it: 2 s is longer than a busy machine
  /// delays it, and shorter than the time after which a user thinks that nothing happens.
  void expect_sign_of_life(std::chrono::milliseconds limit = std::chrono::seconds{2});
  /// A timeout for poll(2), until that limit.
  int poll_timeout() const noexcept;
  /// Whether init has not answered; true once for each time.
  bool fell_silent() noexcept;
  /// How many messages have arrived.
  std::size_t received() const noexcept { return received_; }
  /// next() has something to return that has left the channel.
  bool has_news() const noexcept { return unsent_ != 0 || !inbox_.empty(); }
  /// Returns the messages in order; empty if there is none for now, or ever. Throws Error if init is alive
  /// and receiving from it fails, if it has sent an invalid message, or if a message could not be sent to it.
  std::optional<Message> next();

 private:
  struct Waiting {
    Kind kind;
    int code;
    int question;  ///< the one that it asks, if it asks one
  };

  bool try_to_send(const Waiting& what) noexcept;
  void send_later(const Waiting& message);
  void send_waiting() noexcept;
  std::optional<Message> receive_message();
  void note_life() noexcept;

  int channel_;
  sys::Loop& loop_;
  Log log_;
  int questions_ = 0;
  std::size_t received_ = 0;
  int unsent_ = 0;  ///< the error that prevented a send
  bool fell_silent_ = false;
  bool is_deaf_ = false;  ///< it has left a question unanswered, and sent nothing since
  std::optional<sys::Deadline> sign_of_life_;
  std::deque<Message> inbox_;
  std::deque<Waiting> waiting_;
  sys::Loop::Watch room_watch_;
};

}  // namespace nslaunch::shard
