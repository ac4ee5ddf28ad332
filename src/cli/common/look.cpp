#include "cli/common/look.hpp"

#include <algorithm>

#include "cli/common/choose.hpp"
#include "inspect/hang/standstill.hpp"
#include "inspect/snapshot/namespaces.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"
#include "sys/process/identity.hpp"

namespace nslaunch::cli {

namespace {

std::string looking_into(const ShardRecord& record) {
  return fmt::format("looking into shard {}", sys::escape(record.id));
}

}  // namespace

Error LiveShard::gone() const {
  return {sys::errno_code(ESRCH), looking_into(shard.record), "It has just ended."};
}

LiveShard find_live_shard(const std::vector<std::string>& words) {
  if (words.size() != 1)
    throw UsageError(words.empty() ? "which shard?" : "one shard at a time", "to see them: nslaunch list");
  LiveShard live{choose_shards(words).front(), {}};
  const auto doing = looking_into(live.shard.record);
  refuse_unreadable(live.shard, doing);
  if (live.shard.foreign) {
    throw Error(sys::errno_code(EPERM), doing,
                "It was started in another PID namespace (a container, say); look from there.");
  }
  auto init = sys::find(live.shard.record.init, live.shard.record.uid);
  if (!init) throw live.gone();
  live.init = std::move(*init);
  return live;
}

Look look_into(const std::vector<std::string>& words) {
  const auto live = find_live_shard(words);
  // Init creates the shard's network after it has been recorded.
  if (live.shard.state == ShardState::kStarting && inspect::is_in_our_network(live.shard.record.init.pid)) {
    throw Error({}, looking_into(live.shard.record) + ": it is just starting", "Try again in a moment.");
  }
  Look look{live.shard, {}, {}};
  const pid_t init = live.shard.record.init.pid;
  try {
    look.members = inspect::members_of(init);
    look.sockets = inspect::sockets_of(init, look.members);
  } catch (const Error&) {
    // An init that is exiting has no namespaces any more.
    if (live.init.wait_for_end(std::chrono::seconds{1})) throw live.gone();
    throw;
  }
  // The data belongs to the shard only if its init has existed all the time.
  if (live.init.has_ended()) throw live.gone();
  return look;
}

void warn_of_standstill(const ShardRecord& record) {
  if (const auto standstill = inspect::standstill_of(record.init.pid))
    sys::warn(fmt::format("shard {} does not answer: {}\n{}", sys::escape(record.id), standstill->what,
                          standstill->remedy));
}

const inspect::Member* find_member(const Look& look, pid_t pid) {
  const auto found = std::find_if(look.members.begin(), look.members.end(),
                                  [&](const inspect::Member& member) { return member.pid == pid; });
  return found == look.members.end() ? nullptr : &*found;
}

}  // namespace nslaunch::cli
