#include "cli/overview.hpp"

#include <poll.h>

#include <algorithm>
#include <set>

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
sys::Fd ask_for_diagnostics(registry::Controls& controls, const ShardEntry& shard) {
  try {
    auto control = controls.connect(shard);
    shard::ask(control, {.kind = shard::SocketRequest::Kind::kDiagnostics});
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
    return ports_of(shard, ns::list_tcp_listeners(shard::receive_socket(control, "looking at its ports")));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<Overview> overview_of(std::span<const ShardEntry> shards) {
  registry::Controls controls;
  std::vector<sys::Fd> questions(shards.size());
  for (std::size_t at = 0; at < shards.size(); ++at) {
    if (may_live(shards[at])) questions[at] = ask_for_diagnostics(controls, shards[at]);
  }
  // While the inits answer.
  const inspect::ProcessTable processes;
  const sys::Deadline deadline(kPatience);
  std::vector<Overview> overviews(shards.size());
  for (std::size_t at = 0; at < shards.size(); ++at) {
    if (!may_live(shards[at])) continue;
    auto ports = hear_ports(shards[at], questions[at], deadline);
    // What was seen is the shard's only if its init is still there: it has just answered, or has to be looked
    // for.
    const auto& init = shards[at].record.init;
    if (!ports && !sys::find(init)) continue;
    overviews[at] = {processes.summary_of(init.pid), std::move(ports)};
  }
  return overviews;
}

}  // namespace nslaunch::cli
