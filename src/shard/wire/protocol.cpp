#include "shard/wire/protocol.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <limits>

#include "sys/base/check.hpp"
#include "sys/process/channel.hpp"

namespace nslaunch::shard {
namespace {

struct Header {
  Kind kind;
  Step step;
  Domain domain;
  std::uint8_t unused;
  std::int32_t code;
  std::int32_t detail;
};

constexpr std::size_t kLongestPayload = 32768;
/// The largest errno of the kernel; libnl's error numbers are negative.
constexpr std::int32_t kMostError = 4095;
constexpr std::int32_t kAny = std::numeric_limits<std::int32_t>::max();

struct Range {
  std::int32_t least;
  std::int32_t most;
  bool holds(std::int32_t number) const noexcept { return least <= number && number <= most; }
};

constexpr Range kAnything = {-kAny - 1, kAny};
constexpr Range kZeroOrMore = {0, kAny};
constexpr Range kSignal = {1, 64};  // the kernel's _NSIG
constexpr Range kError = {-kMostError, kMostError};

/// The status of a command that has ended, and so not by a signal that stops, continues or is ignored. A
/// process that ends itself by the same signal as the command relies on this.
bool is_wait_status(std::int32_t status) noexcept {
  const int signal = status & 0x7F;
  constexpr int kEndNobody[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGCHLD, SIGURG, SIGWINCH};
  if (std::ranges::find(kEndNobody, signal) != std::end(kEndNobody)) return false;
  return (status & ~0xFF7F) == 0 && (signal == 0 || (status <= kSignal.most && kSignal.holds(signal)));
}

bool is_code(Kind kind, std::int32_t code) noexcept {
  switch (kind) {
    case Kind::kForward:
    case Kind::kForwardAlone:
    case Kind::kFromTerminal:
    case Kind::kStopped:
      return kSignal.holds(code);
    case Kind::kMissing:
    case Kind::kFailed:
      return kError.holds(code);
    case Kind::kDone:
    case Kind::kStarted:
      return kZeroOrMore.holds(code);
    case Kind::kAnswer:
      return code == 0 || code == 1;
    case Kind::kCommandEnded:
    case Kind::kHeld:
    case Kind::kFinished:
      return is_wait_status(code);
    default:
      return kAnything.holds(code);
  }
}

/// Holds for everything that receive() returns, whatever a peer sends.
bool is_valid(const Header& header) noexcept {
  return header.kind >= Kind::kMapped && header.kind <= Kind::kLog &&
         static_cast<std::size_t>(header.step) < steps().size() && header.domain <= Domain::kNetlink &&
         header.detail >= 0 && is_code(header.kind, header.code);
}

}  // namespace

bool send(int channel, const Message& message, std::span<const int> descriptors) noexcept {
  Header header = {message.kind, message.step, message.domain, 0, message.code, message.detail};
  iovec parts[2] = {
      {&header, sizeof header},
      {const_cast<char*>(message.payload.data()), std::min(message.payload.size(), kLongestPayload)}};
  return sys::send_message(channel, parts, descriptors) >= 0;
}

std::optional<Message> receive(int channel, bool wait, std::vector<sys::Fd>* descriptors) noexcept {
  Header header = {};
  char payload[kLongestPayload];
  const auto take = [&] {
    iovec parts[2] = {{&header, sizeof header}, {payload, sizeof payload}};
    return sys::receive_message(channel, parts, descriptors, wait ? 0 : MSG_DONTWAIT);
  };
  errno = 0;
  ssize_t count = take();
  // A peer that is gone and left a message of ours unread is reported once, before its last messages (K20);
  // these still follow.
  if (count < 0 && errno == ECONNRESET) count = take();
  if (count <= 0) return std::nullopt;
  if (count < static_cast<ssize_t>(sizeof header) || !is_valid(header)) {
    errno = EPROTO;
    return std::nullopt;
  }
  Message message{header.kind, header.step, header.domain, header.code, header.detail, {}};
  message.payload.assign(payload, static_cast<std::size_t>(count) - sizeof header);
  return message;
}

}  // namespace nslaunch::shard
