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

/// kFinished's detail if init could not look for leaks.
constexpr std::int32_t kUnknownLeaks = std::numeric_limits<std::int32_t>::max();

enum class Kind : std::uint8_t {
  // Launcher to init.
  kMapped,  ///< the id maps are written (rootless only)
  kGo,      ///< init is tied and recorded: the command may start; payload: the host's changed sysctls; with
            ///< the control socket, if there is one
  // Clients of other versions rely on these numbers.
  kForward = 3,   ///< code: a signal for the command (for its group if it has one)
  kForwardAlone,  ///< code: a signal for the command, unless it was sent to the whole group: was it? (detail:
                  ///< the question's number)
  kFromTerminal,  ///< code: a signal from the terminal to our group, which the command is or would be in
  kAskStopped,    ///< is the command stopped? (detail: the question's number)
  kKillCommand,   ///< the grace period is over: SIGKILL the command; its leftover processes get no grace
  kLetGo,         ///< hold the shard no longer
  // A client to init, over the control socket; also kForward, and kAskStopped (code: kControlVersion), which
  // checks that init answers: kAnswer or kFailed.
  kStart,   ///< code: kControlVersion; with a sealed memfd that holds a ProcessRequest, the streams 0, 1 and
            ///< 2,
            ///< and a terminal if the streams have one. Answered by kStarted (code: the pid) or kFailed
  kSocket,  ///< code: kControlVersion; payload: a SocketRequest. Answered by kSocket with the socket, or
            ///< kFailed
  // Init to launcher; kStarted, kFailed and kCommandEnded also to a client.
  kTied,
  kDone,          ///< step: it worked; code: microseconds it took
  kMissing,       ///< step, domain, code: it failed and may be missing
  kNote,          ///< payload: a line for -v
  kFailed,        ///< step, domain, code, detail: the launch has failed; for an exec, detail is 1 if the
                  ///< command's file exists
  kStarted,       ///< exec done; payload: NSLAUNCH_ISOLATION
  kStopped,       ///< code: the signal that stopped the command
  kAnswer,        ///< code: 1 for yes; detail: the question's number
  kCommandEnded,  ///< code: wait status; omitted if kFinished follows at once
  kHeld,          ///< the same if the shard may be held: it stays until kLetGo; payload: the addresses that
                  ///< processes in it listen on
  kLeak,          ///< payload: one Leak
  kCaptured,      ///< payload: the CaptureOutcome
  kMountLost,     ///< detail: which of the --overlay and then the --private directories a process outside has
                  ///< removed; init exits now
  kFinished,      ///< code: the command's wait status; detail: how many leaks, or kUnknownLeaks; payload:
                  ///< Unreaped, if it is to be measured; init exits now
  kListener,      ///< with the listener for the next entry of the spec's `reach`
  // A client to init, once per connection.
  kListening,  ///< code: kControlVersion. Answered by kListening (payload: the TCP listeners) or kFailed
  // The launcher to init, over its own connection (Plan::launcher_is_client).
  kClient,  ///< with a connection, which init accepts like a client's
  // Init to launcher. Must be last: receive() accepts no kind after it.
  kLog,  ///< payload: pack_log_entry()
};

/// Both sides of the control socket are the same nslaunch version, or report that they are not.
constexpr std::int32_t kControlVersion = 2;

/// Where an error number comes from.
enum class Domain : std::uint8_t { kErrno, kNetlink };

/// Everything that launcher and init exchange.
struct Message {
  Kind kind = Kind::kMapped;
  Step step = Step::kClone;
  Domain domain = Domain::kErrno;
  std::int32_t code = 0;
  std::int32_t detail = 0;
  std::string payload;
};

/// False, with errno set, if the peer does not get it: EPIPE or ECONNRESET if it is gone, EAGAIN if sending
/// would block, or another error of sendmsg(2). The peer gets copies of the descriptors.
[[nodiscard]] bool send(int channel, const Message& message, std::span<const int> descriptors = {}) noexcept;
/// Waits for a message. Empty if the peer is gone (errno 0 or ECONNRESET) or receiving fails. `wait` false:
/// empty with errno EAGAIN if none has arrived. The peer is not trusted: a returned message has a valid kind,
/// step, domain and numbers; any other is empty with errno EPROTO, or EMSGSIZE if it is too long. Descriptors
/// that came with it are appended to `descriptors`; if that is nullptr, they also make it empty with errno
/// EPROTO.
std::optional<Message> receive(int channel, bool wait = true,
                               std::vector<sys::Fd>* descriptors = nullptr) noexcept;

/// A request to start a process in a running shard.
struct ProcessRequest {
  std::string directory;               ///< empty: the command's
  std::vector<std::string> variables;  ///< NAME=VALUE on top of the command's environment
  std::vector<std::string> command;    ///< empty: the shell of that environment
};

/// A request for a socket in the shard's network.
struct SocketRequest {
  enum class Kind {
    kConnected,  ///< or being connected
    kListening,
  };
  Kind kind = Kind::kConnected;
  std::string address{};  ///< v4 or v6, numeric
  std::uint16_t port = 0;
};

std::string pack(const std::vector<std::string>& texts);
std::vector<std::string> unpack(const std::string& payload);
std::string pack(const ProcessRequest& request);
std::optional<ProcessRequest> unpack_process_request(const std::string& payload);
std::string pack(const SocketRequest& request);
std::optional<SocketRequest> unpack_socket(const std::string& payload);
/// Their addresses and inodes; if there are too many, only the first ones.
std::string pack(const std::vector<ns::Socket>& listeners);
/// A count, a size or a time, small enough to calculate with; empty for any other text.
std::optional<std::int64_t> unpack_number(std::string_view text) noexcept;
/// Empty if the payload is invalid, like all that follow and return an optional.
std::optional<std::vector<ns::Socket>> unpack_listeners(const std::string& payload);
std::string pack(const std::vector<ns::Sysctl>& sysctls);
std::vector<ns::Sysctl> unpack_sysctls(const std::string& payload);
std::string pack(const Leak& leak);
std::optional<Leak> unpack_leak(const std::string& payload);
std::string pack(const CaptureOutcome& outcome);
std::optional<CaptureOutcome> unpack_capture(const std::string& payload);

}  // namespace nslaunch::shard
