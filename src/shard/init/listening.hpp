#pragma once

#include <string>
#include <vector>

namespace nslaunch::shard {

/// The TCP addresses that processes in the shard listen on. Never throws: empty if the kernel does not report
/// them.
std::vector<std::string> listening_addresses() noexcept;

}  // namespace nslaunch::shard
