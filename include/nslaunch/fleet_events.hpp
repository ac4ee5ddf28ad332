#pragma once

#include <nslaunch/fleet.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace nslaunch {

/// The two streams of a command.
enum class Stream : std::uint8_t { kOut, kErr };

/// Takes what a person must know of an observer that fails: the run goes on.
using Warn = std::function<void(std::string_view)>;

/// An attempt that runs, the same object from AttemptStarted until AttemptEnded has been handled. Where
/// nothing can be run there is no AttemptEnded, and it is gone before FleetEnded.
struct RunningAttempt {
  const PartResult& part;  ///< what is known of it so far: its command, and the attempts before this one
  unsigned number = 1;     ///< of the part's attempts, from 1
  std::string id;          ///< of its shard
  std::chrono::steady_clock::time_point began;
  /// The end of what it has written by now, both streams in one: 32 KiB at least, where it has written as
  /// much.
  std::string tail{};
};

// What happens in a fleet. What an event refers to is there while the event is handled, and longer only where
// that is said.

struct FleetStarted {
  const FleetSpec& spec;  ///< until FleetEnded has been handled
  std::size_t total = 0;  ///< parts to be settled, each repetition counted; 0: nobody knows (until_fail)
};

/// Before its shard is made.
struct AttemptStarted {
  const RunningAttempt& attempt;
};

/// Bytes that an attempt has written, as they come: a line may be in several.
struct OutputRead {
  const RunningAttempt& attempt;
  Stream stream;
  std::string_view bytes;  ///< empty: this was all of the stream
};

/// What is said of one shard while it is made and runs.
struct ShardMessage {
  enum class Kind { kWarning, kNote, kTrace };
  Kind kind;
  const Part& part;
  std::string_view text;  ///< a sentence, or several lines
};

struct AttemptEnded {
  const RunningAttempt& running;
  const PartResult& part;  ///< its last attempt is this one; its status is not settled yet
  const Attempt& attempt;
  bool again = false;               ///< the part is tried again
  std::string_view output_problem;  ///< why the end of its output is lost; empty: it is not
  /// Of Attempt::directory itself (O_PATH); -1: there is none. The name may lead elsewhere by now.
  int directory = -1;
  const Warn& warn;
};

/// No other attempt at the part follows.
struct PartSettled {
  const PartResult& part;
  bool passed = false;
};

/// What concerns all shards.
struct FleetNotice {
  enum class Kind {
    kFewerAtOnce,   ///< the limit on descriptors does not allow FleetSpec::jobs
    kTotalTimeout,  ///< FleetSpec::total_timeout has passed, and all are ended
    kEnding,        ///< a signal ends all
    kKilling,       ///< a second one kills them
    kObserver,      ///< an observer has failed
  };
  Kind kind;
  std::string_view text;  ///< a sentence
};

/// A signal for the calling process, which no shard gets: SIGWINCH.
struct SignalArrived {
  int signal = 0;
};

/// The calling process is about to be stopped, by Ctrl-Z.
struct FleetStopping {};

/// It goes on.
struct FleetContinued {};

/// Nothing runs any more. Whoever shows the fleet has time for the rest: how that goes is in FleetEnded.
struct FleetSettled {
  const FleetResult& result;
};

/// All is over, the calling process has its signals and limits back, and reports can be written. The last
/// event, and where nothing could be run (each part's Attempt::error says why) perhaps the only one.
struct FleetEnded {
  const FleetResult& result;
  const Warn& warn;
};

/// Is told what happens in a fleet, or in a run of one shard, by the thread that runs it and while it waits:
/// what takes long keeps every shard waiting. Never ends a run: what a method throws is a warning.
///
/// Of a run of one shard there are FleetStarted, AttemptStarted, AttemptEnded, PartSettled and FleetEnded:
/// its output goes where the caller's does, and its messages have callbacks of their own (nslaunch/run.hpp).
///
/// One method for each event, and each does nothing unless it is overridden: an observer says by its
/// declaration what it listens to, and is none the worse for an event that is added.
class FleetObserver {
 public:
  virtual ~FleetObserver() = default;
  FleetObserver() = default;
  FleetObserver(const FleetObserver&) = delete;
  FleetObserver& operator=(const FleetObserver&) = delete;

  /// Whether anything is made of ShardMessage::Kind::kTrace, which costs each launch a little.
  virtual bool wants_trace() const { return false; }

  virtual void fleet_started(const FleetStarted&) {}
  virtual void attempt_started(const AttemptStarted&) {}
  virtual void output_read(const OutputRead&) {}
  virtual void shard_message(const ShardMessage&) {}
  virtual void attempt_ended(const AttemptEnded&) {}
  virtual void part_settled(const PartSettled&) {}
  virtual void fleet_notice(const FleetNotice&) {}
  virtual void signal_arrived(const SignalArrived&) {}
  virtual void fleet_stopping(const FleetStopping&) {}
  virtual void fleet_continued(const FleetContinued&) {}
  virtual void fleet_settled(const FleetSettled&) {}
  virtual void fleet_ended(const FleetEnded&) {}
};

}  // namespace nslaunch
