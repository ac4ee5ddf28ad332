#include "cli/overview.hpp"

#include <poll.h>

#include <algorithm>
#include <future>
#include <memory>
#include <set>
#include <unordered_set>

#include "registry/control.hpp"
#include "shard/visit.hpp"
#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/identity.hpp"

namespace nslaunch::cli {
namespace {

/// For all shards together: one that has stopped its init does not hold up the list of the others.
constexpr std::chrono::milliseconds kPatience{250};

/// A question to the shard's init that is under way; none where there is nobody to ask.
sys::Fd ask_who_listens(registry::Controls& controls, const ShardEntry& shard) {
  try {
    auto control = controls.connect(shard);
    shard::ask_who_listens(control);
    return control;
  } catch (const Error&) {  // just starting or ending
    return {};
  }
}

bool may_live(const ShardEntry& shard) {
  return shard.state != ShardState::kDead && shard.state != ShardState::kUnreadable && !shard.foreign;
}

/// Servers that each bound the same address are told apart by their processes' groups: looked for only then.
bool has_same_twice(const std::vector<ns::Socket>& listeners) {
  std::set<std::string> seen;
  return std::any_of(listeners.begin(), listeners.end(),
                     [&](const ns::Socket& socket) { return !seen.insert(socket.local).second; });
}

std::vector<inspect::Port> ports_of(const ShardEntry& shard, std::vector<ns::Socket> listeners) {
  std::vector<inspect::Member> members;
  if (has_same_twice(listeners)) members = inspect::members_of(shard.record.init.pid);
  return inspect::ports_among(inspect::with_owners(std::move(listeners), members), members);
}

std::optional<std::vector<inspect::Port>> hear_ports(const ShardEntry& shard, const sys::Fd& control,
                                                     const sys::Deadline& deadline) {
  pollfd watched = {control.get(), POLLIN, 0};
  if (!control || ::poll(&watched, 1, deadline.poll_timeout()) != 1) return std::nullopt;
  try {
    return ports_of(shard, shard::hear_who_listens(control));
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// They are in no shard. (In those of another PID namespace, their pids mean others here.)
std::unordered_set<pid_t> launchers_of(std::span<const ShardEntry> shards) {
  std::unordered_set<pid_t> pids;
  for (const auto& shard : shards) {
    if (shard.state == ShardState::kRunning && !shard.foreign) pids.insert(shard.record.launcher.pid);
  }
  return pids;
}

}  // namespace

std::vector<Overview> overview_of(std::span<const ShardEntry> shards) {
  // In a thread where one can be had: reading that table takes as long as asking the inits does.
  const auto launchers = launchers_of(shards);
  auto table = std::async([&] { return std::make_unique<inspect::ProcessTable>(launchers); });
  registry::Controls controls;
  std::vector<sys::Fd> questions(shards.size());
  for (std::size_t at = 0; at < shards.size(); ++at) {
    if (may_live(shards[at])) questions[at] = ask_who_listens(controls, shards[at]);
  }
  const auto processes = table.get();
  const sys::Deadline deadline(kPatience);
  std::vector<Overview> overviews(shards.size());
  for (std::size_t at = 0; at < shards.size(); ++at) {
    if (!may_live(shards[at])) continue;
    auto ports = hear_ports(shards[at], questions[at], deadline);
    // What was seen is the shard's only if its init is still there: it has just answered, or has to be looked
    // for.
    const auto& init = shards[at].record.init;
    if (!ports && !sys::find(init, shards[at].record.uid)) continue;
    overviews[at] = {processes->summary_of(init.pid), std::move(ports)};
  }
  return overviews;
}

}  // namespace nslaunch::cli
