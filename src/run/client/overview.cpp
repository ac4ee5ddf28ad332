#include "run/client/overview.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <unordered_set>
#include <utility>

#include "registry/record/control.hpp"
#include "shard/launcher/control_client.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/process/identity.hpp"

namespace nslaunch::run {
namespace {

/// For all shards together: a user who has stopped an init does not delay the list of the other shards.
constexpr std::chrono::milliseconds kAnswerPatience{250};
/// The limit for asking all of them, and then for the lookups that their answers require: other users choose
/// how many these are.
constexpr std::chrono::seconds kLimit{2};

/// The connection of a pending question to the shard's init; empty if there is no init to ask.
sys::Fd ask_for_listeners(registry::Controls& controls, const ShardEntry& shard) {
  try {
    auto control = controls.connect(shard);
    shard::ask_for_listeners(control);
    return control;
  } catch (const Error&) {  // just starting or ending
    return {};
  }
}

/// How many questions may be pending: half of the descriptors are for evaluating answers and processes.
std::size_t most_questions() {
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::size_t>(limit.rlim_cur / 2);
}

bool may_live(const ShardEntry& shard) {
  return shard.state != ShardState::kDead && shard.state != ShardState::kUnreadable && !shard.foreign;
}

/// Servers that bound the same address are distinguished by their processes' groups, looked up only then.
bool has_same_twice(const std::vector<ns::Socket>& listeners) {
  std::set<std::string> seen;
  return std::any_of(listeners.begin(), listeners.end(),
                     [&](const ns::Socket& socket) { return !seen.insert(socket.local).second; });
}

/// Evaluates the answers, with one snapshot of all processes.
class Answers {
 public:
  explicit Answers(const inspect::ProcessTable& processes) : processes_(processes) {}

  bool have_taken_too_long() const { return limit_.passed(); }

  std::optional<std::vector<inspect::Port>> ports_of(const ShardEntry& shard, const sys::Fd& control) {
    pollfd watched = {control.get(), POLLIN, 0};
    if (!control || ::poll(&watched, 1, patience_.poll_timeout()) != 1) return std::nullopt;
    try {
      auto listeners = shard::receive_listeners(control);
      const auto& members = has_same_twice(listeners) ? members_of(shard.record.init.pid) : nobody_;
      return inspect::ports_among(inspect::with_owners(std::move(listeners), members, limit_), members);
    } catch (const Error&) {
      return std::nullopt;
    }
  }

 private:
  /// Looked up only once for all records that name the same init.
  const std::vector<inspect::Member>& members_of(pid_t init) {
    const auto known = members_.find(init);
    if (known != members_.end()) return known->second;
    return members_.emplace(init, inspect::members_of(init, processes_, limit_)).first->second;
  }

  const inspect::ProcessTable& processes_;
  const sys::Deadline patience_{kAnswerPatience};
  const sys::Deadline limit_{kLimit};
  const std::vector<inspect::Member> nobody_;
  std::map<pid_t, std::vector<inspect::Member>> members_;
};

/// Indexes of the shards, the caller's own first: the cost of other users' shards can't hide these.
std::vector<std::size_t> own_first(std::span<const ShardEntry> shards) {
  std::vector<std::size_t> places(shards.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::stable_partition(places.begin(), places.end(),
                        [&](std::size_t at) { return shards[at].record.uid == ::geteuid(); });
  return places;
}

/// One question per shard, in the order of `order`, as long as descriptors and time are left: each question
/// to another user's shard takes a process of its own.
std::vector<sys::Fd> ask_in_order(std::span<const ShardEntry> shards, const std::vector<std::size_t>& order) {
  registry::Controls controls;
  std::vector<sys::Fd> questions(shards.size());
  auto left = most_questions();
  const sys::Deadline limit(kLimit);
  for (const auto at : order) {
    if (left == 0 || limit.passed()) break;
    if (may_live(shards[at])) questions[at] = ask_for_listeners(controls, shards[at]);
    if (questions[at]) --left;
  }
  return questions;
}

/// Launchers are in no shard. (The pids of those in another PID namespace mean other processes here.)
std::unordered_set<pid_t> launchers_of(std::span<const ShardEntry> shards) {
  std::unordered_set<pid_t> pids;
  for (const auto& shard : shards) {
    if (shard.state == ShardState::kRunning && !shard.foreign) pids.insert(shard.record.launcher.pid);
  }
  return pids;
}

}  // namespace

std::vector<Overview> overview_of(std::span<const ShardEntry> shards) {
  std::vector<Overview> overviews(shards.size());
  if (std::ranges::none_of(shards, may_live)) return overviews;
  // Started first, in a process of its own: reading all processes takes as long as asking the inits.
  inspect::ProcessReading reading(launchers_of(shards), inspect::WithoutChild::kReadAnyway);
  const auto order = own_first(shards);
  auto questions = ask_in_order(shards, order);
  const inspect::ProcessTable processes(std::move(reading));
  Answers answers(processes);
  for (const auto at : order) {
    if (answers.have_taken_too_long()) break;
    if (!may_live(shards[at])) continue;
    auto ports = answers.ports_of(shards[at], std::exchange(questions[at], sys::Fd{}));
    // The data belongs to the shard only if its init still exists: it has just answered, or is looked up.
    const auto& record = shards[at].record;
    if (ports || sys::find_if_visible(record.init, record.uid))
      overviews[at] = {processes.summary_of(record.init.pid), std::move(ports)};
  }
  return overviews;
}

}  // namespace nslaunch::run
