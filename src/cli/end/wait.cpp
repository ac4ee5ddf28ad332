#include "cli/common/command.hpp"

#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>

#include <optional>
#include <utility>

#include "cli/common/choose.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"
#include "sys/process/identity.hpp"

namespace nslaunch::cli {
namespace {

constexpr Option kWaitOptions[] = {
    {"timeout", 't', "DURATION", "give up after DURATION (exit 124); the shards live on"},
    kColorOption,
};

/// Handles on both processes of a shard, opened before any wait: their pids may be reused by then.
struct Awaited {
  std::string id;
  std::optional<sys::Pidfd> launcher;
  std::optional<sys::Pidfd> init;
};

Awaited awaited(const ShardEntry& shard) {
  const auto& record = shard.record;
  const std::string doing = fmt::format("waiting for shard {}", sys::escape(record.id));
  refuse_unreadable(shard, doing);
  if (shard.foreign) {
    throw Error(sys::errno_code(EPERM), doing,
                "It was started in another PID namespace (a container, say); run nslaunch wait there.");
  }
  // A launcher of several shards lives on.
  auto launcher = is_one_of_several(record) ? std::nullopt : sys::find(record.launcher, record.uid);
  auto init = launcher ? sys::find_if_visible(record.init, record.uid) : sys::find(record.init, record.uid);
  return {record.id, std::move(launcher), std::move(init)};
}

/// Returns false if `limit` passed first.
bool ended(const std::optional<sys::Pidfd>& process, const std::optional<sys::Deadline>& limit) {
  const std::chrono::milliseconds left{limit ? limit->poll_timeout() : -1};
  return !process || process->wait_for_end(left);
}

int run_wait(const Arguments& arguments) {
  if (arguments.positional.empty() || arguments.has_separator) {
    throw UsageError("which shard?", "for example: nslaunch wait ID; to see them: nslaunch list");
  }
  std::optional<sys::Deadline> limit;
  if (const auto timeout = arguments.duration("timeout")) limit.emplace(*timeout);
  std::vector<Awaited> shards;
  for (const auto& shard : choose_shards(arguments.positional)) shards.push_back(awaited(shard));
  for (const auto& shard : shards) {
    // Init first: a launcher that was killed is gone before its shard is.
    if (ended(shard.init, limit) && ended(shard.launcher, limit)) continue;
    sys::say_error(fmt::format("shard {} has not ended within {}", sys::escape(shard.id),
                               sys::format_duration(*arguments.duration("timeout"))));
    return kTimedOut;
  }
  return 0;
}

}  // namespace

const Command& wait_command() {
  static constexpr Command kCommand{
      "wait",
      "wait [--timeout DURATION] ID|NAME...",
      "wait until shards have ended",
      "nslaunch wait --timeout 5m nightly",
      [] { return std::span<const Option>(kWaitOptions); },
      run_wait,
      Takes::kShards,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
