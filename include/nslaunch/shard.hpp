#pragma once

#include <sys/types.h>
#include <nslaunch/outcome.hpp>
#include <nslaunch/run.hpp>
#include <nslaunch/spec.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace nslaunch {

/// What a process gets as its 0, 1 and 2: copies of these descriptors, which stay the caller's and may be
/// closed at once. Who reads from a pipe sees its end only when the caller has closed its own writing end,
/// too. -1: /dev/null.
struct Streams {
  int in = 0;
  int out = 1;
  int err = 2;
};

struct ShardOptions {
  /// Called by whichever function of the Shard brings the news. They must not throw.
  Messages messages{};
  Streams streams{};
};

/// A process to be started in a shard that runs.
struct ExecRequest {
  /// Empty: the shell of its environment.
  std::vector<std::string> command;
  /// NAME=VALUE on top of the environment of the shard's command.
  std::vector<std::string> variables{};
  /// As the shard sees it, from its command's working directory on; empty: that itself.
  std::string workdir{};
  Streams streams{};
};

/// A process that Shard::exec() has started. It neither keeps its shard nor is a leak of it. Destroyed while
/// the process runs, it sends the process's group SIGHUP.
class ShardProcess {
 public:
  ShardProcess(ShardProcess&& other) noexcept;
  ShardProcess& operator=(ShardProcess&& other) noexcept;
  ~ShardProcess();

  pid_t pid() const noexcept { return pid_; }  ///< inside the shard
  /// Readable when handle_events() has something to do; -1 when it has ended.
  int fd() const noexcept { return connection_; }
  /// Never waits. Throws Error where the shard's init has sent what is not to be understood.
  void handle_events();
  bool ended() const noexcept { return connection_ < 0; }
  /// When it has ended: of one that a signal has ended, which may be its shard's end (SIGKILL), term_signal()
  /// is that; otherwise it is 0, and exit_status() counts.
  int exit_status() const noexcept { return exit_status_; }
  int term_signal() const noexcept { return term_signal_; }
  /// For its process group; nothing where it has ended.
  void signal(int signal) noexcept;

 private:
  friend class Shard;
  ShardProcess(int connection, pid_t pid) noexcept : connection_(connection), pid_(pid) {}
  void close() noexcept;

  int connection_;
  pid_t pid_;
  int exit_status_ = 0;
  int term_signal_ = 0;
};

/// A shard for a program with an event loop, or several shards. Of its functions only wait(), wait_for() and
/// exec() wait for anything, and what ends a shard whose command has not started: for its processes' end, 5 s
/// at most.
///
/// The process keeps its descriptors, its signal mask and its actions for signals, and nothing it gets is
/// passed on but by signal(). Init is no child that wait(2) tells of, and no SIGCHLD comes of its end. The
/// command has a process group of its own, and no job control on a terminal. The process must have one thread
/// from the constructor until ended(); its end, of whatever kind, is the shard's. `nslaunch kill` and
/// `nslaunch wait` mean the process where they name the shard, unless that is a fleet_member.
class Shard {
 public:
  /// Begins to launch it; whether its command starts is known later. Throws UsageError for a spec that can't
  /// be, or where the process has more than one thread, and Error where it can't be made; nothing is left
  /// then.
  explicit Shard(const ShardSpec& spec, const ShardOptions& options = {});
  /// What was moved from may only be destroyed, or be assigned to.
  Shard(Shard&&) noexcept;
  Shard& operator=(Shard&&) noexcept;
  /// Kills it, where it has not ended, and waits for its end for at most 5 s.
  ~Shard();

  /// ShardSpec::id, or what was chosen.
  const std::string& id() const noexcept;

  /// Readable when handle_events() has something to do, deadlines included; always the same, and never after
  /// ended(). It is the shard's: to be polled, or put into another epoll(7) descriptor, and no more.
  int fd() const noexcept;
  /// Does what has come. Throws nothing: what goes wrong is outcome()'s to tell. Signals are blocked until it
  /// returns, and its children's.
  void handle_events();

  /// Its command has been started.
  bool started() const noexcept;
  /// It has ended, or could not be had: no process of it is left, or outcome() says who holds that up.
  bool ended() const noexcept;
  /// When it has ended: how. Throws the Error for which it could not be had (CommandError: the command is not
  /// there), or for which its end is not known; UsageError before.
  const Outcome& outcome() const;

  /// Handles events until it has ended. Returns outcome().
  const Outcome& wait();
  /// The same, but for so long at most: whether it has ended.
  bool wait_for(std::chrono::milliseconds limit);

  /// For the command, and kept for it till it has started; nothing when it has ended. After SIGTERM it has
  /// ShardSpec::grace to end, as after SIGTERM to `nslaunch`. Throws UsageError where there is no such
  /// signal.
  void signal(int signal);
  /// Ends all of it at once, whatever it does: EndCause::kKilled. Where its command has not started that
  /// waits for its end for at most 5 s, and outcome() throws.
  void kill();

  /// Starts a process in it, as its command's user. Waits for the answer of the shard's init, which comes at
  /// once, or in 3 s an Error. CommandError where the command can't be started, UsageError where the shard's
  /// own has not started or has ended.
  ShardProcess exec(const ExecRequest& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nslaunch
