#pragma once

#include <nslaunch/registry.hpp>
#include <nslaunch/run.hpp>
#include <nslaunch/spec.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace nslaunch {

// Clients of a running shard, as list_shards() has returned it, whichever process has launched it. For a
// shard of its own a program has Shard::exec() and ShardSpec::publish.
//
// exec_in_shard() and forward_ports() wait at most 3 s to be connected and for init to start what is asked of
// it. They throw UsageError if the calling process has more than one thread, and Error if the shard can't be
// reached: it has ended, is foreign, belongs to another user (except for root) or to another version, or its
// init does not answer. Of `messages`, only `warning` is used; it must not throw.

/// The user, with its groups, that a process of exec_in_shard() runs as; empty if that is the caller. The
/// groups are those of the shard's record if the shard is the caller's own, else those of the account.
std::optional<UserIds> exec_user(const ShardEntry& shard);

/// A process to start in a shard that runs.
struct ShardCommand {
  /// Empty: the shell of its environment.
  std::vector<std::string> command;
  /// NAME=VALUE, added to the environment of the shard's command.
  std::vector<std::string> variables{};
  /// A path in the shard; relative to its command's working directory, if not absolute; empty: that
  /// directory.
  std::string workdir{};
};

/// How a process of exec_in_shard() ended, or why the caller no longer waits for that.
struct ExecEnd {
  /// The signal that killed it (SIGKILL if its shard ended); if that is 0, exit_status is valid.
  int term_signal = 0;
  int exit_status = 0;
  bool shard_ended = false;
  /// If not 0, nothing else is valid: a signal that the calling process received and that ended the wait. It
  /// came before the process was started, which was then cancelled, or the one before it had no effect in the
  /// shard, and Messages::warning has announced that the next one ends the wait. A process that still runs
  /// receives SIGHUP.
  int given_up = 0;
};

/// Starts a process in a shard with descriptors 0, 1 and 2 of the calling process, and waits for its end. It
/// does not keep the shard running and does not count as a leak.
///
/// In place of those descriptors that are terminals, the process gets a terminal of the shard's, with job
/// control, and the caller's TERM as the first of its variables; until the function returns, that terminal is
/// shown on the caller's, which is in raw mode if it is descriptor 0. SIGINT, SIGTERM, SIGHUP, SIGQUIT,
/// SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGCONT and SIGPIPE are blocked meanwhile. The first seven, unless
/// the calling process ignores them, are passed on to the process.
///
/// Throws CommandError if the command can't be started, Error if its directory can't be entered or no
/// terminal can be had.
ExecEnd exec_in_shard(const ShardEntry& shard, const ShardCommand& command, const Messages& messages = {});

/// Listens on TCP ports outside a shard and connects their clients to servers in it, until the shard has
/// ended. `address`: the one of the shard's at which the servers listen; numeric, v4 or v6. `listening`,
/// unless empty, is called once, when all ports can be used, with the ports that were chosen in place of 0;
/// what it throws ends the forwarding.
///
/// The calling process ignores SIGPIPE from now on, and has its limit on descriptors raised as far as
/// possible until the function returns. For another user's shard, which only root can reach, it enters the
/// network of that shard for good. Throws UsageError if `address` is none, Error if it can't listen on a
/// port.
void forward_ports(const ShardEntry& shard, std::vector<PublishedPort> ports, const std::string& address,
                   const std::function<void(const std::vector<PublishedPort>&)>& listening,
                   const Messages& messages = {});

}  // namespace nslaunch
