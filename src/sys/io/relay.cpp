#include "sys/io/relay.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace nslaunch::sys {
namespace {

/// A pipe holds 64 KiB by default, which halves the throughput of a stream. All pipes of a user may hold 64
/// MiB together before new ones are made tiny (pipe(7)): so only the first ones of a pool, which serve all
/// flows whose readers keep up, are large.
constexpr int kChunk = 1 << 20;
constexpr std::size_t kMostFreePipes = 16;
constexpr int kChunksATurn = 4;  // chunks before others have their turn
constexpr unsigned kSpliceFlags = SPLICE_F_NONBLOCK | SPLICE_F_MOVE;

}  // namespace

Pipe PipePool::take() noexcept {
  if (free_.empty()) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return {};
    if (made_++ < kMostFreePipes) ::fcntl(ends[1], F_SETPIPE_SZ, kChunk);  // if refused: smaller chunks
    return {Fd(ends[0]), Fd(ends[1])};
  }
  Pipe pipe = std::move(free_.back());
  free_.pop_back();
  return pipe;
}

void PipePool::give_back(Pipe pipe) {
  if (free_.size() < kMostFreePipes) free_.push_back(std::move(pipe));
}

Relay::Relay(Fd one, Fd other, PipePool& pipes)
    : one_(std::move(one)),
      other_(std::move(other)),
      pipes_(pipes),
      there_{.from = one_.get(), .to = other_.get()},
      back_{.from = other_.get(), .to = one_.get()} {}

Relay::~Relay() = default;

Relay::State Relay::pump() {
  for (int turn = 0; turn < kChunksATurn; ++turn) {
    const auto there = move(there_);
    const auto back = there == Progress::kBroken ? Progress::kBroken : move(back_);
    if (back == Progress::kBroken) {
      error_ = errno;
      reset();
      return State::kDone;
    }
    if (there_.closed && back_.closed) return State::kDone;
    if (there == Progress::kNone && back == Progress::kNone) return State::kWaits;
  }
  return State::kBusy;
}

Relay::Progress Relay::move(Flow& flow) {
  if (flow.closed) return Progress::kNone;
  // Only an empty pipe is filled: then EAGAIN means that there is nothing to read, and a slow reader slows
  // the writer down.
  Progress progress = Progress::kNone;
  if (flow.held == 0 && !flow.ended) progress = fill(flow);
  if (progress != Progress::kBroken && flow.held > 0) progress = drain(flow);
  if (flow.held == 0 && flow.ended && progress != Progress::kBroken) {
    ::shutdown(flow.to, SHUT_WR);
    flow.closed = true;
    progress = Progress::kSome;
  }
  return progress;
}

Relay::Progress Relay::fill(Flow& flow) {
  flow.pipe = pipes_.take();
  if (!flow.pipe.read) return Progress::kBroken;
  const auto count = ::splice(flow.from, nullptr, flow.pipe.write.get(), nullptr, kChunk, kSpliceFlags);
  if (count > 0) {
    flow.held = static_cast<std::size_t>(count);
    return Progress::kSome;
  }
  pipes_.give_back(std::move(flow.pipe));  // keeps errno
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Progress::kNone : Progress::kBroken;
  flow.ended = true;
  return Progress::kSome;
}

Relay::Progress Relay::drain(Flow& flow) {
  const auto count = ::splice(flow.pipe.read.get(), nullptr, flow.to, nullptr, flow.held, kSpliceFlags);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Progress::kNone : Progress::kBroken;
  flow.held -= static_cast<std::size_t>(count);
  if (flow.held == 0) pipes_.give_back(std::move(flow.pipe));
  return Progress::kSome;
}

void Relay::reset() noexcept {
  constexpr linger kAtOnce = {1, 0};
  for (const auto* socket : {&one_, &other_}) {
    ::setsockopt(socket->get(), SOL_SOCKET, SO_LINGER, &kAtOnce, sizeof kAtOnce);
  }
}

}  // namespace nslaunch::sys
