#pragma once

#include <nslaunch/run.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/reap/leftover_note.hpp"
#include "run/single/record_updater.hpp"
#include "shard/launcher/forwarding.hpp"
#include "shard/launcher/running_shard.hpp"
#include "shard/plan/capture_file.hpp"
#include "shard/plan/plan.hpp"

namespace nslaunch::run {

/// What the launcher holds for one shard from before its launch until its end, and releases in the right
/// order: the record, the capture, the forwarded ports, the plan, the note of leftovers.
class ShardResources {
 public:
  /// `messages` must outlive it.
  explicit ShardResources(const Messages& messages) : messages_(messages), leftovers_(messages.warning) {}
  ShardResources(const ShardResources&) = delete;
  ShardResources& operator=(const ShardResources&) = delete;

  /// Listens for the ports that are forwarded into the shard, then makes the plan and what it names. Throws
  /// what shard::make_plan() throws, or Error if a port is not available: nothing is made then.
  void make_plan(const ShardSpec& spec, shard::Forwarding::Limit limit = shard::Forwarding::Limit::kRaise);
  /// Creates the rest, when the owner has completed the plan: as the caller, by the host's names. `captures`:
  /// as for CaptureFile.
  void prepare(const shard::CaptureDirectory* captures = nullptr);

  /// For a launcher that gives up its caller's descriptors: these it keeps, too.
  void keep_open(std::vector<int> more) noexcept { kept_open_ = std::move(more); }

  shard::Plan& plan() noexcept { return plan_; }
  const shard::Plan& plan() const noexcept { return plan_; }
  shard::Hooks& hooks() noexcept { return hooks_; }
  shard::Forwarding& forwarding() noexcept { return *forwarding_; }

  /// Drops what init has taken over. Copies of the streams, here and in the next shard's init, would keep
  /// their readers waiting.
  void leave_to_init() noexcept;
  void command_started() noexcept;
  void command_ended(const Outcome& outcome) noexcept;
  /// What may explain the failure of a command; may be empty.
  std::string hint(const Outcome& outcome) const;

 private:
  const Messages& messages_;
  registry::LeftoverNote leftovers_;
  shard::Plan plan_;
  std::optional<shard::Forwarding> forwarding_;
  std::optional<shard::CaptureFile> capture_;
  std::optional<RecordUpdater> updater_;
  shard::Hooks hooks_;
  std::vector<int> kept_open_;
};

}  // namespace nslaunch::run
