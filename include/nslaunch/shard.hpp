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

/// Descriptors 0, 1 and 2 of a process: copies of these, which stay the caller's and may be closed at once.
/// The reader of a pipe sees end of file only after the caller has closed its write end, too. -1: /dev/null.
struct Streams {
  int in = 0;
  int out = 1;
  int err = 2;
};

struct ShardOptions {
  /// Called from the Shard function that receives the event. They must not throw.
  Messages messages{};
  Streams streams{};
};

/// A process to start in a running shard.
struct ExecRequest {
  /// Empty: the shell of its environment.
  std::vector<std::string> command;
  /// NAME=VALUE, added to the environment of the shard's command.
  std::vector<std::string> variables{};
  /// A path in the shard; relative to its command's working directory, if not absolute; empty: that
  /// directory.
  std::string workdir{};
  Streams streams{};
};

/// A process started by Shard::exec(). It does not keep its shard running and does not count as a leak. If
/// destroyed while the process runs, it sends SIGHUP to the process's group.
class ShardProcess {
 public:
  ShardProcess(ShardProcess&& other) noexcept;
  ShardProcess& operator=(ShardProcess&& other) noexcept;
  ~ShardProcess();

  pid_t pid() const noexcept { return pid_; }  ///< inside the shard
  /// Readable when handle_events() has something to do; -1 after it has ended.
  int fd() const noexcept { return connection_; }
  /// Never blocks. Throws Error if the shard's init has sent an invalid message.
  void handle_events();
  bool ended() const noexcept { return connection_ < 0; }
  /// After it has ended: term_signal() is the signal that killed it (SIGKILL if its shard ended); if that is
  /// 0, exit_status() is valid.
  int exit_status() const noexcept { return exit_status_; }
  int term_signal() const noexcept { return term_signal_; }
  /// Sends a signal to its process group; does nothing if it has ended. False: the shard's init takes no more
  /// signals for now, e.g. because another process has stopped it. It does when fd() is writable again.
  [[nodiscard]] bool signal(int signal) noexcept;

 private:
  friend class Shard;
  ShardProcess(int connection, pid_t pid) noexcept : connection_(connection), pid_(pid) {}
  void close() noexcept;

  int connection_;
  pid_t pid_;
  int exit_status_ = 0;
  int term_signal_ = 0;
};

/// A shard for a program that has an event loop or several shards. Of its functions only wait(), wait_for()
/// and exec() block, and those that end a shard whose command has not started: these wait for the end of its
/// processes, for at most 5 s.
///
/// The calling process keeps its descriptors, signal mask and signal actions, and no signal it receives is
/// forwarded except by signal(). wait(2) does not return init, and its end raises no SIGCHLD. The command has
/// its own process group, and no job control on a terminal. The process must have one thread from the
/// constructor until ended(); if it ends in any way, so does the shard. `nslaunch kill` and `nslaunch wait`
/// act on the process when they are given the shard, unless that is a fleet_member.
class Shard {
 public:
  /// Begins the launch; whether the command starts is known later. Throws UsageError if the spec is invalid
  /// or the process has more than one thread, and Error if the shard can't be created; nothing is left behind
  /// then.
  explicit Shard(const ShardSpec& spec, const ShardOptions& options = {});
  /// A moved-from object may only be destroyed or assigned to.
  Shard(Shard&&) noexcept;
  Shard& operator=(Shard&&) noexcept;
  /// Kills it, if it has not ended, and waits for its end for at most 5 s.
  ~Shard();

  /// ShardSpec::id, or the id that was chosen.
  const std::string& id() const noexcept;

  /// Readable when handle_events() has something to do, including deadlines; always the same, and never
  /// readable after ended(). Owned by the shard: only poll it, or add it to another epoll(7) descriptor.
  int fd() const noexcept;
  /// Handles pending events. Throws nothing: errors are reported by outcome(). Signals are blocked until it
  /// returns, in its children, too.
  void handle_events();

  /// Whether its command has been started.
  bool started() const noexcept;
  /// Whether it has ended, or could not be created: no process of it is left, or outcome() names what blocks
  /// that.
  bool ended() const noexcept;
  /// How it ended. Throws the Error because of which it could not be created (CommandError: the command does
  /// not exist or can't be executed) or its end is unknown; UsageError if it has not ended.
  const Outcome& outcome() const;

  /// Handles events until it has ended. Returns outcome().
  const Outcome& wait();
  /// The same, for at most `limit`. Returns whether it has ended.
  bool wait_for(std::chrono::milliseconds limit);

  /// Sends a signal to the command, once that has started; does nothing if the shard has ended. After SIGTERM
  /// the command has ShardSpec::grace to end, as after SIGTERM to `nslaunch`. Throws UsageError if there is
  /// no such signal.
  void signal(int signal);
  /// Kills the whole shard at once: EndCause::kKilled. If its command has not started, this waits for its end
  /// for at most 5 s, and outcome() throws.
  void kill();

  /// Starts a process in it, as its command's user. Waits for the reply of the shard's init, which comes at
  /// once; throws Error after 3 s without one. Throws CommandError if the command can't be started,
  /// UsageError if the shard's own has not started or the shard has ended.
  ShardProcess exec(const ExecRequest& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nslaunch
