#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

#include "sys/fd.hpp"

namespace nslaunch::sys {

/// Pipes for bytes on their way. Only a flow whose reader is slow keeps one for longer than a call.
class PipePool {
 public:
  /// Empty, with errno, where no more can be had.
  Pipe take() noexcept;
  void give_back(Pipe pipe);

 private:
  std::vector<Pipe> free_;
  std::size_t made_ = 0;
};

/// Joins two stream sockets: what one peer sends the other gets, with its end (a half-close) and its pace;
/// what one resets is reset for the other. To be pumped whenever one of the sockets has become readable or
/// writable (edges suffice).
class Relay {
 public:
  enum class Bytes {
    kSpliced,  ///< not copied; the sockets never wait (O_NONBLOCK), and nobody else can change that
    kCopied,   ///< the sockets may be shared with somebody who wants us to wait
  };

  Relay(Fd one, Fd other, PipePool& pipes, Bytes bytes);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();

  int one() const noexcept { return one_.get(); }
  int other() const noexcept { return other_.get(); }

  enum class State {
    kWaits,  ///< for one of the sockets
    kBusy,   ///< there is more to do; others come first
    kDone,
  };
  State pump();
  /// Lets both peers see a reset.
  void reset() noexcept;
  /// The errno that it broke of; 0 where it has not.
  int error() const noexcept { return error_; }

 private:
  struct Flow {
    int from;
    int to;
    Pipe pipe{};
    std::vector<char> copy{};  ///< its last `held` bytes are on their way
    std::size_t held = 0;
    bool ended = false;   ///< `from` has sent all
    bool closed = false;  ///< and `to` knows
  };
  enum class Progress { kNone, kSome, kBroken };

  Progress move(Flow& flow);
  Progress fill(Flow& flow);
  ssize_t read_into(Flow& flow);
  ssize_t write_from(Flow& flow) const;
  void release(Flow& flow);
  Progress drain(Flow& flow);

  Fd one_;
  Fd other_;
  PipePool& pipes_;
  bool copies_;
  Flow there_;
  Flow back_;
  int error_ = 0;
};

}  // namespace nslaunch::sys
