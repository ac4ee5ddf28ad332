#pragma once

#include <nslaunch/registry.hpp>
#include <nslaunch/run.hpp>

#include <optional>
#include <string>

#include "registry/record/registration.hpp"
#include "shard/launcher/running_shard.hpp"
#include "shard/plan/plan.hpp"

namespace nslaunch::run {

/// A shard's own record, kept up to date from the launch's hooks.
class Recorder {
 public:
  /// Both must outlive it.
  Recorder(const shard::Plan& plan, const Messages& messages) : plan_(plan), messages_(messages) {}
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// The recorder must outlive them.
  shard::Hooks hooks();

 private:
  void publish(pid_t pid, const sys::Pidfd& init);
  void running_with(const std::string& isolation);
  bool hold();
  void set_state(ShardState state);

  const shard::Plan& plan_;
  const Messages& messages_;
  ShardRecord record_;
  std::optional<registry::Registration> registration_;
  bool can_be_entered_ = false;
};

}  // namespace nslaunch::run
