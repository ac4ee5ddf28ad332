#pragma once

#include <nslaunch/shard.hpp>

#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "run/single/shard_on_loop.hpp"
#include "shard/supervise/supervise.hpp"
#include "sys/base/fd.hpp"
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
  bool ended() const noexcept { return !shard_.has_value(); }
  const Outcome& outcome() const;
  void signal(int signal);
  void kill();
  /// Returns a connection that reports the end of the process, and the pid.
  std::pair<sys::Fd, pid_t> exec(const ExecRequest& request);

 private:
  void prepare(const ShardSpec& spec, const Streams& streams);
  void on_ancestor_ended();
  void follow();
  void go_on();
  void launched();
  void finish();
  void fail(std::exception_ptr error) noexcept;
  void release() noexcept;

  Messages messages_;
  std::string id_;
  sys::Loop loop_{"waiting for the shard"};
  sys::LoopDescriptor descriptor_;
  std::optional<run::ShardOnLoop> shard_;  ///< until it has ended
  std::optional<shard::Watched> watched_;
  std::vector<sys::Loop::Watch> ancestors_watches_;
  sys::Fd control_;  ///< to init, for exec()
  Outcome outcome_;
  std::exception_ptr error_;
  bool ancestor_has_ended_ = false;
  bool started_ = false;
};

}  // namespace nslaunch
