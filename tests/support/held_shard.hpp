#pragma once

#include <string>

#include "support/process.hpp"
#include "support/registry_view.hpp"

namespace nslaunch::test {

/// A shard whose command has left an echo server on 127.0.0.1:9926 behind (it ignores no signal) and then
/// failed. It is held for an hour when the constructor returns.
struct HeldShard {
  /// `end` is how the command's bash script ends.
  explicit HeldShard(const std::string& end = "exit 3", Words options = {});

  /// `nslaunch exec` of a shell script in it.
  Result exec(const std::string& script) const;

  RegistryView registry;
  std::string mark = unique_text();
  Process launcher;
  std::string id;
};

/// Waits until it is held. Throws where it does not come to that.
void await_hold(const RegistryView& registry, const std::string& id);

}  // namespace nslaunch::test
