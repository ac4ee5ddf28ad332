#pragma once

#include <nslaunch/fleet_events.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "registry/place/addressed.hpp"
#include "run/fleet/outlet.hpp"
#include "run/fleet/shard_run.hpp"
#include "run/part/observers.hpp"
#include "run/part/results.hpp"
#include "run/part/schedule.hpp"
#include "run/single/caller.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/io/loop.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::run {

/// Many shards, from the first launch to the end of the last one, in one loop. All it knows of display and
/// reports is that they are notified, and that it may have to wait for them.
class Fleet {
 public:
  /// `spec` has a run id. All arguments must outlive the Fleet.
  Fleet(const FleetSpec& spec, const Observers& observers, Outlet& outlet, const CallersSignals& caller);

  FleetResult run();

 private:
  /// A running shard, with what it refers to.
  struct ActiveAttempt {
    Turn turn;
    unsigned slot;
    PartResult* part;
    std::unique_ptr<RunningAttempt> attempt;
    std::unique_ptr<Messages> messages;
    std::unique_ptr<ShardOutput> output;
    std::unique_ptr<ShardRun> shard;
    bool cancelled = false;
    sys::Clock::duration stopped{};  ///< how long it was stopped with the launcher
  };

  bool has_room() const;
  bool may_start() const;
  void start_what_fits();
  void start(const Turn& turn);
  std::unique_ptr<Messages> messages_for(const Part& part);
  unsigned free_slot() const;

  void begin_to_watch();
  void on_ancestor_ended();
  int poll_timeout() const;
  void handle_events();
  void end_those_over();
  void take_end(ActiveAttempt& active);
  void notify_end(const ActiveAttempt& active, bool again);
  void settle(const Turn& turn, PartResult& part);

  void handle_signals();
  void end_by(int signal);
  void on_signal(const signalfd_siginfo& info);
  void stop_with(int signal);
  void forward(const registry::AddressedSignal& addressed);
  /// The first call asks all shards to end, a second signal kills them.
  void cancel(FleetEnd end, int signal = 0);
  void notify(FleetNotice::Kind kind, std::string_view text) const;
  FleetResult finish();
  void wait_for_outlet();

  const FleetSpec& spec_;
  const Observers& observers_;
  Outlet& outlet_;
  const CallersSignals& caller_;
  sys::Loop loop_{"waiting for the shards"};
  sys::Loop::Watch signals_watch_;
  sys::Loop::Watch cancel_watch_;
  std::vector<sys::Loop::Watch> ancestors_watches_;
  Shared shared_;
  std::optional<sys::DescriptorLimit> descriptors_;
  unsigned jobs_ = 1;
  std::vector<unsigned> processors_;
  std::vector<sys::Pidfd> ancestors_;
  Schedule schedule_;
  std::vector<ActiveAttempt> running_;
  Results results_;
  std::error_code output_error_;  ///< of a shard's output
  sys::Clock::time_point began_ = sys::Clock::now();
  sys::Deadline next_start_{std::chrono::milliseconds{0}};
  std::optional<sys::Deadline> total_limit_;
  bool any_started_ = false;
  bool signals_are_due_ = false;
  bool cancel_is_due_ = false;
  bool ancestor_has_ended_ = false;
  bool cancelled_ = false;
  bool hurried_ = false;  ///< a signal has arrived since it was reset
};

/// run_fleet() without its result files. The outlet receives only the calls of Outlet: if it is also an
/// observer, it must be one of `observers`.
FleetResult run_parts(const FleetSpec& spec, std::span<FleetObserver* const> observers, Outlet& outlet);

}  // namespace nslaunch::run
