#pragma once

#include <cstddef>
#include <vector>

#include "sys/base/fd.hpp"

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

/// Joins two stream sockets that never wait: what one peer sends the other gets, with its end (a half-close)
/// and its pace; what one resets is reset for the other. Nothing is copied (splice(2)). To be pumped whenever
/// one of the sockets has become readable or writable (edges suffice).
class Relay {
 public:
  Relay(Fd one, Fd other, PipePool& pipes);
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
    std::size_t held = 0;
    bool ended = false;   ///< `from` has sent all
    bool closed = false;  ///< and `to` knows
  };
  enum class Progress { kNone, kSome, kBroken };

  Progress move(Flow& flow);
  Progress fill(Flow& flow);
  Progress drain(Flow& flow);

  Fd one_;
  Fd other_;
  PipePool& pipes_;
  Flow there_;
  Flow back_;
  int error_ = 0;
};

}  // namespace nslaunch::sys
