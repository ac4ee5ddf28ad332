#include "cli/look.hpp"

#include <nslaunch/error.hpp>

#include <algorithm>

#include "cli/choose.hpp"
#include "sys/check.hpp"
#include "sys/identity.hpp"
#include "sys/text.hpp"

namespace nslaunch::cli {

Look look_into(const std::vector<std::string>& words) {
  if (words.size() != 1)
    throw UsageError(words.empty() ? "which shard?" : "one shard at a time", "to see them: nslaunch list");
  Look look;
  look.shard = choose_shards(words).front();
  const auto& record = look.shard.record;
  const std::string doing = fmt::format("looking into shard {}", sys::escape(record.id));
  if (look.shard.state == ShardState::kUnreadable)
    throw Error({}, doing + ": its record is unreadable: " + look.shard.problem);
  if (look.shard.foreign) {
    throw Error(sys::errno_code(EPERM), doing,
                "It was started in another PID namespace (a container, say); look from there.");
  }
  const Error gone(sys::errno_code(ESRCH), doing, "It has just ended.");
  const auto init = sys::find(record.init);
  if (!init) throw gone;
  try {
    look.members = inspect::members_of(record.init.pid);
    look.sockets = inspect::sockets_of(record.init.pid, look.members);
  } catch (const Error&) {
    // One that is on its way out has no namespaces any more.
    if (init->wait_for_end(std::chrono::seconds{1})) throw gone;
    throw;
  }
  // What was seen is the shard's only if its init was there all the time.
  if (init->has_ended()) throw gone;
  return look;
}

const inspect::Member* find_member(const Look& look, pid_t pid) {
  const auto found = std::find_if(look.members.begin(), look.members.end(),
                                  [&](const inspect::Member& member) { return member.pid == pid; });
  return found == look.members.end() ? nullptr : &*found;
}

const char* name_of(ns::Protocol protocol) {
  return protocol == ns::Protocol::kTcp ? "tcp" : protocol == ns::Protocol::kUdp ? "udp" : "unix";
}

}  // namespace nslaunch::cli
