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

/// The visitor's half of the talk over a shard's control socket.

/// How long to wait for init's answer, and what ends the wait besides.
struct Wait {
  sys::Deadline deadline;
  /// As we see it: to be named where it does not answer.
  pid_t init = 0;
  /// When this descriptor is readable, `gives_up` says whether to go on; none: -1.
  int signals = -1;
  std::function<bool()> gives_up{};
};

/// A wait that its user has ended.
class GivenUp : public std::exception {};

/// For the errno of a receive() that has brought nothing: throws Error unless it says that the shard is gone.
void check_gone(int error);

/// Asks for a process and returns its pid inside. `streams`: its 0, 1 and 2 and, where it is to have a
/// controlling terminal, that. `usual_directory`: the command's, for words about a failure. Throws
/// CommandError where the command can't be started, GivenUp, and Error for everything else. When it ends the
/// connection brings kCommandEnded; closing it hangs up.
int ask_for_process(const sys::Fd& connection, const VisitRequest& request,
                    const std::string& usual_directory, std::span<const int> streams, const Wait& wait);

/// Asks for a socket of the shard's network that never waits, over a connection that takes descriptors: of an
/// init of our own user's only (K54, K64). Throws Error; its code is ETIMEDOUT where init has not answered in
/// time: the answer may still come, before that to the next question.
sys::Fd ask_for_socket(const sys::Fd& connection, const SocketRequest& request, const Wait& wait);

/// Asks who listens on TCP in the shard, and hears the answer: in two halves, for those who ask many shards
/// at once. Once a connection. Both throw Error; the second one waits for nothing.
void ask_for_listeners(const sys::Fd& connection);
std::vector<ns::Socket> receive_listeners(const sys::Fd& connection);

}  // namespace nslaunch::shard
