#pragma once

#include <nslaunch/fleet.hpp>
#include <nslaunch/run.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace nslaunch {

/// The two streams of a command.
enum class Stream : std::uint8_t { kOut, kErr };

/// Reports the failure of an observer to the user; the run continues.
using Warn = std::function<void(std::string_view)>;

/// A running attempt: the same object from AttemptStarted until AttemptEnded has been handled. If nothing can
/// be run there is no AttemptEnded, and the object is destroyed before FleetEnded.
struct RunningAttempt {
  const PartResult& part;  ///< what is known so far: its command and the previous attempts
  unsigned number = 1;     ///< of the part's attempts, from 1
  std::string id;          ///< of its shard
  std::chrono::steady_clock::time_point began;
  /// The end of its output so far, both streams combined: at least 32 KiB, if it has written that much.
  std::string tail{};
};

// The events of a fleet. What an event refers to is valid while the event is handled, and longer only if
// documented.

struct FleetStarted {
  const FleetSpec& spec;  ///< until FleetEnded has been handled
  std::size_t total = 0;  ///< parts to be settled, each repetition counted; 0: unknown (until_fail)
};

/// Sent before its shard is created.
struct AttemptStarted {
  const RunningAttempt& attempt;
};

/// Output of an attempt, as it is read: a line may be split over several events.
struct OutputRead {
  const RunningAttempt& attempt;
  Stream stream;
  std::string_view bytes;  ///< empty: end of the stream
};

/// A message about one shard while it is launched and runs.
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
  bool again = false;               ///< the part is retried
  std::string_view output_problem;  ///< why the end of its output is lost; empty: it is not
  /// A descriptor of Attempt::directory itself (O_PATH); -1: none. The path may lead elsewhere by now.
  int directory = -1;
  const Warn& warn;
};

/// No other attempt at the part follows.
struct PartSettled {
  const PartResult& part;
  bool passed = false;
};

/// A notice about all shards.
struct FleetNotice {
  enum class Kind {
    kFewerAtOnce,   ///< the limit on descriptors does not allow FleetSpec::jobs
    kTotalTimeout,  ///< FleetSpec::total_timeout expired, and all shards are ended
    kEnding,        ///< a signal ends all shards
    kKilling,       ///< a second signal kills them
    kObserver,      ///< an observer has failed
  };
  Kind kind;
  std::string_view text;  ///< a sentence
};

/// A signal for the calling process that is not forwarded to any shard: SIGWINCH.
struct SignalArrived {
  int signal = 0;
};

/// The calling process is about to be stopped, by Ctrl-Z.
struct FleetStopping {};

/// The calling process continues.
struct FleetContinued {};

/// No shard runs any more. The display now has time to write the rest; the result of that is in FleetEnded.
struct FleetSettled {
  const FleetResult& result;
};

/// The run is over, the signals and limits of the calling process are restored, and reports can be written.
/// The last event, and possibly the only one if nothing could be run (Attempt::error of each part says why).
struct FleetEnded {
  const FleetResult& result;
  const Warn& warn;
};

/// Receives the events of a fleet, or of a run of one shard, on the thread that runs it, which waits
/// meanwhile: a slow method delays every shard. Never ends a run: an exception from a method becomes a
/// FleetNotice for all of them.
///
/// A run of one shard has FleetStarted, AttemptStarted, LogEntry, AttemptEnded, PartSettled and FleetEnded:
/// its output goes where the caller's does, and its messages have callbacks of their own (nslaunch/run.hpp).
///
/// One method per event, each of which does nothing unless it is overridden: the declaration of an observer
/// shows which events it handles, and new events do not break it.
class FleetObserver {
 public:
  virtual ~FleetObserver() = default;
  FleetObserver() = default;
  FleetObserver(const FleetObserver&) = delete;
  FleetObserver& operator=(const FleetObserver&) = delete;

  /// Whether ShardMessage::Kind::kTrace is used, which costs each launch a little.
  virtual bool wants_trace() const { return false; }

  /// Whether LogEntry is used, which costs each shard more.
  virtual bool wants_log() const { return false; }

  virtual void fleet_started(const FleetStarted&) {}
  virtual void attempt_started(const AttemptStarted&) {}
  virtual void output_read(const OutputRead&) {}
  virtual void shard_message(const ShardMessage&) {}
  virtual void shard_logged(const LogEntry&) {}
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
