#include "cli/common/command.hpp"

#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>
#include <nslaunch/registry.hpp>

#include <algorithm>
#include <csignal>
#include <vector>

#include "cli/common/choose.hpp"
#include "cli/common/look.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"
#include "sys/process/identity.hpp"

namespace nslaunch::cli {
namespace {

constexpr std::chrono::seconds kEndLimit{5};

constexpr Option kKillOptions[] = {
    {"signal", 's', "SIGNAL", "what to send: a name or a number (TERM)"},
    {"grace", 'g', "DURATION", "wait for their end, and kill after DURATION what has not ended"},
    {"all", 'a', nullptr, "every shard of yours"},
    kColorOption,
};

int signal_asked_for(const Arguments& arguments) {
  const auto text = arguments.text("signal", "TERM");
  if (const auto signal = sys::parse_signal(text)) return *signal;
  throw UsageError(fmt::format("'{}' is no signal", sys::escape(text)), "for example: --signal KILL");
}

/// A shard with handles on its processes, opened before any signal is sent. The pids of a foreign shard mean
/// nothing here; signal_shard() reports that.
struct Target {
  explicit Target(const ShardEntry& entry)
      : shard(entry),
        launcher(entry.foreign ? std::nullopt : sys::find(entry.record.launcher, entry.record.uid)),
        init(entry.foreign ? std::nullopt : sys::find_if_visible(entry.record.init, entry.record.uid)),
        is_one_of_several(launcher && nslaunch::is_one_of_several(entry.record)) {}

  /// The process that ends last when the shard ends; a launcher of several shards lives on.
  const std::optional<sys::Pidfd>& last_process() const { return is_one_of_several ? init : launcher; }

  ShardEntry shard;
  std::optional<sys::Pidfd> launcher;
  std::optional<sys::Pidfd> init;
  bool is_one_of_several;
};

/// Deadlines for all that was killed: owners must not prolong the wait by how many processes don't end.
struct EndLimits {
  sys::Deadline launchers{kEndLimit};
  sys::Deadline shards{2 * kEndLimit};
};

bool ends_until(const sys::Pidfd& process, const sys::Deadline& deadline) {
  return process.wait_for_end(std::chrono::milliseconds(deadline.poll_timeout()));
}

/// Waits until launcher and shard are gone, and removes the record that a killed launcher leaves.
void await_end(const Target& target, const EndLimits& limits) {
  const auto& record = target.shard.record;
  const std::string doing = fmt::format("ending shard {}", sys::escape(record.id));
  if (target.launcher && !target.is_one_of_several && !ends_until(*target.launcher, limits.launchers)) {
    throw Error({}, fmt::format("{}: its launcher (pid {}) was killed but has not ended", doing,
                                record.launcher.pid));
  }
  const auto not_ended = fmt::format("{}: its init (pid {}) has not ended", doing, record.init.pid);
  // reap_shard() waits for it, too.
  if (target.init && limits.shards.passed() && !target.init->has_ended()) throw Error({}, not_ended);
  const auto reaped = reap_shard(target.shard);
  if (!reaped.problems.empty()) throw Error({}, doing + ": " + reaped.problems.front());
  if (target.init && !ends_until(*target.init, limits.shards)) throw Error({}, not_ended);
}

/// Waits until the shard has ended; kills it if it has not when the grace period is over.
void kill_after(const Target& target, const sys::Deadline& grace) {
  if (!target.last_process() || ends_until(*target.last_process(), grace)) return;
  sys::say(fmt::format("shard {} has not ended in time: killing it", sys::escape(target.shard.record.id)));
  signal_shard(target.shard, SIGKILL);
}

/// Our own shards that a signal can reach.
std::vector<ShardEntry> all_mine() {
  std::vector<std::string> warnings;
  auto shards = list_shards(false, warnings);
  for (const auto& warning : warnings) sys::warn(sys::escape(warning));
  std::erase_if(shards, [](const ShardEntry& shard) {
    return shard.foreign || shard.state == ShardState::kDead || shard.state == ShardState::kUnreadable;
  });
  return shards;
}

/// Calls `act` for each target, even after it has failed for another one. Returns the exit status.
template <typename Act>
int for_each(std::vector<Target>& targets, Act act) {
  int status = 0;
  std::erase_if(targets, [&](const Target& target) {
    try {
      act(target);
      return false;
    } catch (const Error& error) {
      sys::say_error(error.what());
      status = kOwnFailure;
      return true;
    }
  });
  return status;
}

int run_kill(const Arguments& arguments) {
  const bool all = arguments.has("all");
  if (all != arguments.positional.empty() || arguments.has_separator) {
    throw UsageError(all ? "--all and a shard's name exclude each other" : "which shard?",
                     "for example: nslaunch kill ID, or: nslaunch kill --all");
  }
  const int signal = signal_asked_for(arguments);
  const auto grace = arguments.duration("grace");
  const auto shards = all ? all_mine() : choose_shards(arguments.positional);
  std::vector<Target> targets(shards.begin(), shards.end());
  const auto must_end = [&](const Target& target) { return signal == SIGKILL || !target.launcher; };
  int status = for_each(targets, [&](const Target& target) {
    signal_shard(target.shard, signal);
    if (!must_end(target) && target.init) warn_of_standstill(target.shard.record);
  });
  if (grace) {
    const sys::Deadline deadline(*grace);  // for all of them together
    status = std::max(status, for_each(targets, [&](const Target& target) { kill_after(target, deadline); }));
  }
  const EndLimits limits;
  const int ended = for_each(targets, [&](const Target& target) {
    if (grace || must_end(target)) await_end(target, limits);
  });
  return std::max(status, ended);
}

}  // namespace

const Command& kill_command() {
  static constexpr Command kCommand{
      "kill",
      "kill [--signal SIGNAL] [--grace DURATION] ID|NAME... | --all",
      "send a signal to shards; if asked, wait for their end",
      "nslaunch kill --grace 10s 0bad",
      [] { return std::span<const Option>(kKillOptions); },
      run_kill,
      Takes::kShards,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
