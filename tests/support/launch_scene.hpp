#pragma once

#include <set>
#include <string>

#include "shard/wire/steps.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::test {

/// A launch that takes every step there is for this identity, and the means to see that nothing of it
/// is left. The steps fail or pause by NSLAUNCH_FAULT.
class LaunchScene {
 public:
  LaunchScene();

  /// Whether a launch here comes by this step at all (some need root).
  bool takes(shard::Step step) const;
  /// nslaunch with an option for every step, and a command that leaves a mark in `kept()`.
  Words words(Words more_options = {}) const;
  /// `fault` is "ERRNO" or "pause:FD".
  StartOptions options(const shard::StepRow& step, const std::string& fault) const;

  bool command_has_run() const;
  /// The scene's processes, as /proc shows them.
  std::vector<pid_t> processes() const { return find_processes(mark_); }
  bool all_processes_gone() const { return all_gone(mark_); }
  /// What stands in the way of "nothing is left": empty where nothing is.
  std::string leftovers() const;
  const RegistryView& state() const noexcept { return state_; }

 private:
  std::set<std::string> files() const;

  RegistryView state_;
  TempDir directory_;
  std::string mark_ = unique_text();
  std::set<std::string> files_before_;
};

}  // namespace nslaunch::test
