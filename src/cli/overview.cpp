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

/// A question to a shard's init that is under way.
struct Question {
  sys::Fd control;
  std::optional<sys::Pidfd> init;
};

Question ask_for_diagnostics(const ShardEntry& shard) {
  Question question;
  const bool lives = shard.state != ShardState::kDead && shard.state != ShardState::kUnreadable;
  if (!lives || shard.foreign) return question;
  question.init = sys::find(shard.record.init);
  if (!question.init) return question;
  try {
    question.control = registry::connect_to_control(shard);
    shard::ask(question.control, {.kind = shard::SocketRequest::Kind::kDiagnostics});
  } catch (const Error&) {  // just starting or ending
  }
  return question;
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

std::optional<std::vector<inspect::Port>> hear_ports(const ShardEntry& shard, const Question& question,
                                                     const sys::Deadline& deadline) {
  pollfd watched = {question.control.get(), POLLIN, 0};
  if (!question.control || ::poll(&watched, 1, deadline.poll_timeout()) != 1) return std::nullopt;
  try {
    return ports_of(shard,
                    ns::list_tcp_listeners(shard::receive_socket(question.control, "looking at its ports")));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<Overview> overview_of(std::span<const ShardEntry> shards) {
  std::vector<Question> questions;
  for (const auto& shard : shards) questions.push_back(ask_for_diagnostics(shard));
  // While the inits answer.
  const inspect::ProcessTable processes;
  const sys::Deadline deadline(kPatience);
  std::vector<Overview> overviews(shards.size());
  for (std::size_t at = 0; at < shards.size(); ++at) {
    const auto& question = questions[at];
    if (!question.init) continue;
    const auto stat = sys::read_stat(shards[at].record.init.pid);
    auto ports = hear_ports(shards[at], question, deadline);
    // What was seen is the shard's only if its init was there all the time.
    if (!stat || question.init->has_ended()) continue;
    overviews[at] = {processes.summary_of(*stat), std::move(ports)};
  }
  return overviews;
}

}  // namespace nslaunch::cli
