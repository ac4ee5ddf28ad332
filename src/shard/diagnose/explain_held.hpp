#pragma once

#include <nslaunch/outcome.hpp>
#include <nslaunch/spec.hpp>

#include <string>
#include <vector>

namespace nslaunch::shard {

/// How a held shard's command has ended, and which addresses can be reached there.
struct HeldShard {
  int wait_status = 0;
  EndCause cause = EndCause::kNone;
  bool on_terminal = false;            ///< Ctrl-C releases the shard
  std::vector<std::string> listening;  ///< "127.0.0.1:9926", as ns::Socket::local has them
};

/// The lines that report this, with the commands to type.
std::string explain_held(const ShardSpec& spec, const HeldShard& held);

}  // namespace nslaunch::shard
