#pragma once

#include <string>

#include "support/process.hpp"
#include "support/registry_view.hpp"

namespace nslaunch::test {

/// A shard that is recorded as running, and has said its id. Its script's first lines may say more.
struct LiveShard {
  /// `script` runs behind the id; by default it ends with its input. What must hold before anybody acts on
  /// the shard, such as a trap, is done in `before`.
  explicit LiveShard(const RegistryView& registry, Words options = {}, const std::string& script = "exec cat",
                     const std::string& before = ":");

  Process launcher;
  std::string id;
};

}  // namespace nslaunch::test
