#pragma once

#include <nslaunch/outcome.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ns/net/sockets.hpp"
#include "ns/sysctl.hpp"
#include "shard/wire/steps.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::shard {

/// kFinished's detail where init could not look for leaks.
constexpr std::int32_t kUnknownLeaks = std::numeric_limits<std::int32_t>::max();

enum class Kind : std::uint8_t {
  // Launcher to init.
  kMapped,  ///< the id maps are written (rootless only)
  kGo,      ///< you are tied and recorded: the command may start; payload: the host's changed sysctls;
            ///< with the control socket, where there is one
  // A visitor of another version counts on these numbers.
  kForward = 3,   ///< code: a signal for the command (for its group where it has one)
  kForwardAlone,  ///< code: a signal for the command, unless a group send has reached it: was it so?
                  ///< (detail: the question's number)
  kFromTerminal,  ///< code: a signal of the terminal's for our group, where the command is, too, or would be
  kAskStopped,    ///< is the command stopped? (detail: the question's number)
  kKillCommand,   ///< the grace is over: SIGKILL it, and give what it left behind no grace
  kLetGo,         ///< hold the shard no longer
  // A visitor to init, over the control socket; kForward, too, and kAskStopped (code: kControlVersion),
  // answered
  // by kAnswer or kFailed: does anybody answer?
  kVisit,   ///< code: kControlVersion; with a sealed memfd that holds a VisitRequest, the streams 0, 1 and 2,
            ///< and a
            ///< terminal where the streams have one. Answered by kStarted (code: the pid) or kFailed
  kSocket,  ///< code: kControlVersion; payload: a SocketRequest. Answered by kSocket with it, or kFailed
  // Init to launcher; kStarted, kFailed and kCommandEnded to a visitor, too.
  kTied,
  kDone,          ///< step: it worked; code: microseconds it took
  kMissing,       ///< step, domain, code: it failed and may be missing
  kNote,          ///< payload: a line for -v
  kFailed,        ///< step, domain, code, detail: the launch has failed; of an exec detail is 1 where the
                  ///< command's file is there
  kStarted,       ///< exec done; payload: NSLAUNCH_ISOLATION
  kStopped,       ///< code: the signal that stopped the command
  kAnswer,        ///< code: 1 for yes; detail: the question's number
  kCommandEnded,  ///< code: wait status; left out where kFinished follows at once
  kHeld,          ///< the same where the shard may be held: it stays until kLetGo; payload: the addresses
                  ///< that somebody in it listens on
  kLeak,          ///< payload: one Leak
  kCaptured,      ///< payload: the CaptureOutcome
  kMountLost,     ///< detail: which of the --overlay and then the --private directories somebody outside has
                  ///< removed; init exits now
  kFinished,      ///< code: the command's wait status; detail: how many leaks, or kUnknownLeaks; payload:
                  ///< Unreaped, if it is to be measured; init exits now
  kListener,      ///< with the listener of the next of the spec's `reach`
  // A visitor to init, once a connection.
  kListening,  ///< code: kControlVersion. Answered by kListening (payload: who listens on TCP) or kFailed
  // The launcher to init, over its visit (Plan::launcher_visits).
  // The last one: receive() takes no kind behind it.
  kVisitor,  ///< with a connection, which is taken in like a visitor's
};

/// Both sides of the control socket are of one nslaunch, or say that they are not.
constexpr std::int32_t kControlVersion = 2;

/// Where an error number comes from.
enum class Domain : std::uint8_t { kErrno, kNetlink };

/// All that crosses between launcher and init.
struct Message {
  Kind kind = Kind::kMapped;
  Step step = Step::kClone;
  Domain domain = Domain::kErrno;
  std::int32_t code = 0;
  std::int32_t detail = 0;
  std::string payload;
};

/// False, with errno, where the peer does not get it: EPIPE or ECONNRESET where it is gone, EAGAIN where it
/// would have to be waited for, and what sendmsg(2) has besides. The peer gets copies of the descriptors.
[[nodiscard]] bool send(int channel, const Message& message, std::span<const int> descriptors = {}) noexcept;
/// Waits for a message; nothing: the peer is gone (errno 0 or ECONNRESET), or can't be heard. `wait` false:
/// nothing with errno EAGAIN where none has arrived. A peer may be anybody: what is returned has a kind, a
/// step, a domain and numbers that there are; anything else is nothing with errno EPROTO, or EMSGSIZE where
/// it is too long. Descriptors that came with it are appended to `descriptors`; where that is nullptr they
/// are nothing with errno EPROTO, too.
std::optional<Message> receive(int channel, bool wait = true,
                               std::vector<sys::Fd>* descriptors = nullptr) noexcept;

/// A process that is to be started in a shard that runs.
struct VisitRequest {
  std::string directory;               ///< empty: the command's
  std::vector<std::string> variables;  ///< NAME=VALUE on top of the command's environment
  std::vector<std::string> command;    ///< empty: the shell of that environment
};

/// A socket of the shard's network.
struct SocketRequest {
  enum class Kind {
    kConnected,  ///< or being connected
    kListening,
  };
  Kind kind = Kind::kConnected;
  std::string address{};  ///< v4 or v6, in numbers
  std::uint16_t port = 0;
};

std::string pack(const std::vector<std::string>& texts);
std::vector<std::string> unpack(const std::string& payload);
std::string pack(const VisitRequest& request);
std::optional<VisitRequest> unpack_visit(const std::string& payload);
std::string pack(const SocketRequest& request);
std::optional<SocketRequest> unpack_socket(const std::string& payload);
/// Their addresses and inodes; of very many, the first ones.
std::string pack(const std::vector<ns::Socket>& listeners);
/// A count, a size or a time, small enough to be reckoned with; nothing for any other text.
std::optional<std::int64_t> unpack_number(std::string_view text) noexcept;
/// Nothing where it is not understood, as all that follow.
std::optional<std::vector<ns::Socket>> unpack_listeners(const std::string& payload);
std::string pack(const std::vector<ns::Sysctl>& sysctls);
std::vector<ns::Sysctl> unpack_sysctls(const std::string& payload);
std::string pack(const Leak& leak);
std::optional<Leak> unpack_leak(const std::string& payload);
std::string pack(const CaptureOutcome& outcome);
std::optional<CaptureOutcome> unpack_capture(const std::string& payload);

}  // namespace nslaunch::shard
