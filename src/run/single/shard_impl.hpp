#pragma once

#include <nslaunch/shard.hpp>

#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "registry/reap/leftover_note.hpp"
#include "run/single/recorder.hpp"
#include "shard/launcher/forwarding.hpp"
#include "shard/launcher/launch.hpp"
#include "shard/plan/capture_file.hpp"
#include "shard/plan/plan.hpp"
#include "shard/supervise/supervise.hpp"
#include "shard/supervise/supervised_shard.hpp"
#include "sys/base/clock.hpp"
#include "sys/io/loop.hpp"
#include "sys/io/loop_descriptor.hpp"

namespace nslaunch {

/// A launch, then its supervision, on a loop that is turned whenever its descriptor is readable.
class Shard::Impl {
 public:
  Impl(const ShardSpec& spec, const ShardOptions& options);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  const std::string& id() const noexcept { return id_; }
  int fd() const noexcept { return descriptor_.fd(); }
  void handle_events();
  bool started() const noexcept { return started_; }
  bool ended() const noexcept { return ended_; }
  const Outcome& outcome() const;
  void signal(int signal);
  void kill();
  /// Returns a connection that reports the end of the process, and the pid.
  std::pair<sys::Fd, pid_t> exec(const ExecRequest& request);

 private:
  void prepare(const ShardSpec& spec, const Streams& streams);
  void on_ancestor_ended();
  void launch();
  void leave_to_init();
  void follow();
  int poll_timeout() const;
  void go_on();
  void go_on_launching();
  void launched();
  void deliver(int signal);
  void finish();
  void fail(std::exception_ptr error) noexcept;
  void release() noexcept;

  sys::Clock::time_point began_ = sys::Clock::now();
  Messages messages_;
  std::string id_;
  std::optional<registry::LeftoverNote> leftovers_;
  shard::Plan plan_;
  std::optional<shard::Forwarding> forwarding_;
  std::optional<shard::CaptureFile> capture_;
  std::optional<run::Recorder> recorder_;
  shard::Hooks hooks_;
  sys::Loop loop_{"waiting for the shard"};
  sys::LoopDescriptor descriptor_;
  std::optional<shard::Watched> watched_;
  std::vector<sys::Loop::Watch> ancestors_watches_;
  std::optional<shard::Launching> launching_;
  sys::Loop::Watch launching_watch_;
  std::optional<shard::SupervisedShard> supervised_;
  sys::Fd visit_;            ///< to init, for exec()
  std::vector<int> unsent_;  ///< signals for a command that has not started, as far as is known
  Outcome outcome_;
  std::exception_ptr error_;
  bool news_of_launch_ = false;
  bool ancestor_has_ended_ = false;
  bool started_ = false;
  bool ended_ = false;
};

}  // namespace nslaunch
