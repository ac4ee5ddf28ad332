#pragma once

#include <nslaunch/outcome.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ns/sysctl.hpp"
#include "shard/steps.hpp"
#include "sys/fd.hpp"

namespace nslaunch::shard {

enum class Kind : std::uint8_t {
  // Launcher to init.
  kMapped,        ///< the id maps are written (rootless only)
  kGo,            ///< you are tied: begin
  kSettings,      ///< you are recorded: the command may start; payload: the host's changed sysctls
  kForward,       ///< code: a signal for the command (for its group where it has one)
  kForwardAlone,  ///< code: a signal for the command, unless a group send has reached it: was it so?
                  ///< (detail: the question's number)
  kAskStopped,    ///< is the command stopped? (detail: the question's number)
  kKillCommand,   ///< the grace is over: SIGKILL it, and give what it left behind no grace
  // Init to launcher.
  kTied,
  kDone,          ///< step: it worked; code: microseconds it took
  kMissing,       ///< step, domain, code: it failed and may be missing
  kNote,          ///< payload: a line for -v
  kFailed,        ///< step, domain, code, detail: the launch has failed
  kStarted,       ///< exec done; payload: NSLAUNCH_ISOLATION
  kStopped,       ///< code: the signal that stopped the command
  kAnswer,        ///< code: 1 for yes; detail: the question's number
  kCommandEnded,  ///< code: wait status; left out where kFinished follows at once
  kLeak,          ///< payload: one Leak
  kFinished,      ///< code: the command's wait status; detail: how many leaks; init exits now
};

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

/// False where the peer is gone. It gets copies of the descriptors.
bool send(int channel, const Message& message, std::span<const int> descriptors = {}) noexcept;
/// Waits for a message; nothing: the peer is gone. `wait` false: nothing also where none has arrived.
/// Descriptors that came with it are appended to `descriptors`, or closed.
std::optional<Message> receive(int channel, bool wait = true,
                               std::vector<sys::Fd>* descriptors = nullptr) noexcept;

std::string pack(const std::vector<ns::Sysctl>& sysctls);
std::vector<ns::Sysctl> unpack_sysctls(const std::string& payload);
std::string pack(const Leak& leak);
Leak unpack_leak(const std::string& payload);

}  // namespace nslaunch::shard
