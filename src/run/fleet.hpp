#pragma once

#include <nslaunch/fleet.hpp>

#include <memory>
#include <optional>
#include <vector>

#include "registry/addressed.hpp"
#include "run/caller.hpp"
#include "run/printer.hpp"
#include "run/progress.hpp"
#include "run/schedule.hpp"
#include "run/shard_run.hpp"
#include "sys/clock.hpp"
#include "sys/limits.hpp"
#include "sys/pidfd.hpp"

namespace nslaunch::run {

/// Many shards, from the first launch to the last one's end: one loop for all of them.
class Fleet {
 public:
  /// `spec` has a run id, and must outlive it.
  explicit Fleet(const FleetSpec& spec);

  FleetResult run();

 private:
  /// One shard that runs, with what it refers to.
  struct Berth {
    Turn turn;
    unsigned slot;
    PartResult* part;
    std::unique_ptr<Messages> messages;
    std::unique_ptr<ShardOutput> output;
    std::unique_ptr<ShardRun> shard;
    bool cancelled = false;
  };

  bool may_start() const;
  void start_what_fits();
  void start(const Turn& turn);
  std::unique_ptr<Messages> messages_for(const Part& part);
  unsigned free_slot() const;
  PartResult& part_of(const Turn& turn);

  void wait_for_something();
  int poll_timeout() const;
  void attend(std::span<const pollfd> watched);
  void end_those_over();
  void take_end(Berth& berth);
  void settle(const Turn& turn, PartResult& part);

  void hear_signals();
  void on_signal(const signalfd_siginfo& info);
  void stop_with(int signal);
  void forward(const registry::AddressedSignal& addressed);
  /// The first time everything is told to end, the second time it is killed.
  void cancel(FleetEnd end, int signal = 0);
  void say(std::string_view text, const char* colour = "");
  Sight sight() const;
  FleetResult finish();
  void print_the_rest();

  const FleetSpec& spec_;
  CallersSignals caller_;
  Shared shared_;
  std::optional<sys::DescriptorLimit> descriptors_;
  unsigned jobs_ = 1;
  std::vector<unsigned> processors_;
  std::vector<sys::Pidfd> ancestors_;
  Printer printer_;
  std::unique_ptr<Progress> progress_;
  Schedule schedule_;
  std::vector<Berth> running_;
  std::vector<std::unique_ptr<PartResult>> parts_;
  FleetResult result_;
  sys::Clock::time_point began_ = sys::Clock::now();
  sys::Deadline next_start_{std::chrono::milliseconds{0}};
  std::optional<sys::Deadline> total_limit_;
  std::size_t settled_ = 0;
  std::size_t failed_ = 0;
  bool cancelled_ = false;
};

}  // namespace nslaunch::run
