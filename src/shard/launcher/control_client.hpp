#pragma once

#include <sys/types.h>

#include <exception>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "shard/wire/protocol.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::shard {

/// The client's side of the protocol on a shard's control socket.

/// How long to wait for init's answer, and what else ends the wait.
struct Wait {
  sys::Deadline deadline;
  /// Its pid as we see it: for the error if it does not answer.
  pid_t init = 0;
  /// When this descriptor is readable, `gives_up` decides whether to stop waiting; none: -1.
  int signals = -1;
  std::function<bool()> gives_up{};
};

/// The user has ended the wait.
class GivenUp : public std::exception {};

/// For the errno of a receive() that returned nothing: throws Error unless it means that the shard is gone.
void check_gone(int error);

/// Requests a process and returns its pid inside. `streams`: its 0, 1 and 2 and, if it is to have a
/// controlling terminal, that. `usual_directory`: the command's, for error messages. Throws CommandError if
/// the command can't be started, GivenUp, and Error for everything else. When the process ends, the
/// connection delivers kCommandEnded; closing it hangs up.
int ask_for_process(const sys::Fd& connection, const ProcessRequest& request,
                    const std::string& usual_directory, std::span<const int> streams, const Wait& wait);

/// Requests a nonblocking socket of the shard's network, over a connection that takes descriptors: only from
/// an init of our own user (K54, K64). Throws Error; its code is ETIMEDOUT if init has not answered in time:
/// the answer may still arrive, before the one to the next question.
sys::Fd ask_for_socket(const sys::Fd& connection, const SocketRequest& request, const Wait& wait);

/// Asks which TCP listeners the shard has, and receives the answer: in two halves, for callers that ask many
/// shards at once. Once per connection. Both throw Error; the second one never waits.
void ask_for_listeners(const sys::Fd& connection);
std::vector<ns::Socket> receive_listeners(const sys::Fd& connection);

}  // namespace nslaunch::shard
