#include "cli/kill.hpp"

#include <nslaunch/error.hpp>
#include <nslaunch/registry.hpp>

#include <csignal>

#include "cli/choose.hpp"
#include "sys/check.hpp"
#include "sys/identity.hpp"
#include "sys/log.hpp"
#include "sys/text.hpp"

namespace nslaunch::cli {
namespace {

constexpr std::chrono::seconds kEndLimit{5};

constexpr Option kOptions[] = {
    {"signal", 's', "SIGNAL", "what to send: a name or a number (TERM)"},
    {"all", 'a', nullptr, "every shard of yours"},
    kColorOption,
};

int signal_asked_for(const Arguments& arguments) {
  const auto text = arguments.text("signal", "TERM");
  if (const auto signal = sys::parse_signal(text)) return *signal;
  throw UsageError(fmt::format("'{}' is no signal", sys::escape(text)), "for example: --signal KILL");
}

/// Waits until launcher and shard are gone, and removes the record that a killed launcher leaves.
void await_end(const ShardEntry& shard, const std::optional<sys::Pidfd>& launcher,
               const std::optional<sys::Pidfd>& init) {
  const std::string doing = fmt::format("ending shard {}", sys::escape(shard.record.id));
  if (launcher && !launcher->wait_for_end(kEndLimit)) {
    throw Error({}, fmt::format("{}: its launcher (pid {}) was killed but has not ended", doing,
                                shard.record.launcher.pid));
  }
  const auto reaped = reap_shard(shard);
  if (!reaped.problems.empty()) throw Error({}, doing + ": " + reaped.problems.front());
  if (init && !init->wait_for_end(kEndLimit)) {
    throw Error({}, fmt::format("{}: its init (pid {}) has not ended", doing, shard.record.init.pid));
  }
}

void kill_shard(const ShardEntry& shard, int signal) {
  // Foreign pids mean nothing here; signal_shard says so.
  const auto launcher = shard.foreign ? std::nullopt : sys::find(shard.record.launcher);
  const auto init = shard.foreign ? std::nullopt : sys::find(shard.record.init);
  signal_shard(shard, signal);
  if (signal == SIGKILL || !launcher) await_end(shard, launcher, init);
}

/// The shards of ours that a signal can reach.
std::vector<ShardEntry> all_mine() {
  std::vector<std::string> warnings;
  auto shards = list_shards(false, warnings);
  for (const auto& warning : warnings) sys::warn(sys::escape(warning));
  std::erase_if(shards, [](const ShardEntry& shard) {
    return shard.foreign || shard.state == ShardState::kDead || shard.state == ShardState::kUnreadable;
  });
  return shards;
}

int run(const Arguments& arguments) {
  const bool all = arguments.has("all");
  if (all != arguments.positional.empty() || arguments.has_separator) {
    throw UsageError(all ? "--all and a shard's name exclude each other" : "which shard?",
                     "for example: nslaunch kill ID, or: nslaunch kill --all");
  }
  const int signal = signal_asked_for(arguments);
  int status = 0;
  for (const auto& shard : all ? all_mine() : choose_shards(arguments.positional)) {
    try {
      kill_shard(shard, signal);
    } catch (const Error& error) {  // the others are still to be ended
      sys::say_error(error.what());
      status = kOwnFailure;
    }
  }
  return status;
}

}  // namespace

const Command& kill_command() {
  static constexpr Command kCommand{
      "kill",
      "kill [--signal SIGNAL] ID|NAME... | --all",
      "send a signal to shards; after KILL, wait for their end",
      [] { return std::span<const Option>(kOptions); },
      run,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
