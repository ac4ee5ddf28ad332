#pragma once

#include <cstddef>
#include <vector>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// Pipes for bytes in transit. Only a flow with a slow reader keeps one for longer than a call.
class PipePool {
 public:
  /// Empty, with errno set, if no more can be created.
  Pipe take() noexcept;
  void give_back(Pipe pipe);

 private:
  std::vector<Pipe> free_;
  std::size_t made_ = 0;
};

/// Joins two non-blocking stream sockets: each peer receives what the other sends, including its end of file
/// (a half-close), with backpressure; a reset by one peer is passed on to the other. Nothing is copied
/// (splice(2)). Must be pumped whenever one of the sockets has become readable or writable (edges suffice).
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
    kBusy,   ///< there is more to do, but others come first
    kDone,
  };
  State pump();
  /// Makes both peers see a reset.
  void reset() noexcept;
  /// The errno that ended it; 0 if none did.
  int error() const noexcept { return error_; }

 private:
  struct Flow {
    int from;
    int to;
    Pipe pipe{};
    std::size_t held = 0;
    bool ended = false;   ///< `from` is at end of file
    bool closed = false;  ///< and that was passed on to `to`
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
