#pragma once

#include <nslaunch/registry.hpp>
#include <nslaunch/run.hpp>

#include <optional>
#include <string>

#include "registry/record/published_record.hpp"
#include "shard/launcher/running_shard.hpp"
#include "shard/plan/plan.hpp"

namespace nslaunch::run {

/// A shard's own record, kept up to date from the launch's hooks.
class RecordUpdater {
 public:
  /// Both must outlive it.
  RecordUpdater(const shard::Plan& plan, const Messages& messages) : plan_(plan), messages_(messages) {}
  RecordUpdater(const RecordUpdater&) = delete;
  RecordUpdater& operator=(const RecordUpdater&) = delete;

  /// The updater must outlive them.
  shard::Hooks hooks();

 private:
  void publish(pid_t pid, const sys::Pidfd& init);
  void running_with(const std::string& isolation);
  bool hold();
  void set_state(ShardState state);

  const shard::Plan& plan_;
  const Messages& messages_;
  ShardRecord record_;
  std::optional<registry::PublishedRecord> published_;
  bool can_be_entered_ = false;
};

}  // namespace nslaunch::run
