#pragma once

#include <string>
#include <vector>

namespace nslaunch::shard {

/// The TCP addresses that somebody listens on in the shard. Never throws: empty where the kernel
/// won't say.
std::vector<std::string> listening_addresses() noexcept;

}  // namespace nslaunch::shard
