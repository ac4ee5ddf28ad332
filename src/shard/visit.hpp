#pragma once

#include <span>
#include <string>
#include <vector>

#include "shard/protocol.hpp"
#include "sys/fd.hpp"

namespace nslaunch::shard {

/// The visitor's half of the talk over a shard's control socket.

/// Asks for a process and returns its pid inside. `streams`: its 0, 1 and 2 and, where it is to have a
/// controlling terminal, that. `usual_directory`: the command's, for words about a failure. Throws
/// CommandError where the command can't be started and Error for everything else. When it ends the connection
/// brings kCommandEnded; closing it hangs up.
int ask_for_process(const sys::Fd& connection, const VisitRequest& request,
                    const std::string& usual_directory, std::span<const int> streams);

/// Asks for a socket of the shard's network that never waits. Throws Error; its code is ETIMEDOUT where init
/// has not answered in the connection's time: the answer may still come, before that to the next question.
sys::Fd ask_for_socket(const sys::Fd& connection, const SocketRequest& request);

/// Asks who listens on TCP in the shard, and hears the answer: in two halves, for those who ask many shards
/// at once. Once a connection. Both throw Error.
void ask_who_listens(const sys::Fd& connection);
std::vector<ns::Socket> hear_who_listens(const sys::Fd& connection);

}  // namespace nslaunch::shard
