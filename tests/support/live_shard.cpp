#include "support/live_shard.hpp"

#include <stdexcept>

namespace nslaunch::test {

LiveShard::LiveShard(const RegistryView& registry, Words options, const std::string& script,
                     const std::string& before)
    : launcher(in_shard(before + "; echo $NSLAUNCH_ID; " + script, std::move(options)), registry.options()),
      id(launcher.read_line()) {
  // Recorded as running before it can be asked for.
  if (!eventually([&] { return registry.state(id) == "running"; })) {
    throw std::runtime_error("not running: " + id);
  }
}

}  // namespace nslaunch::test
