#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench/process.hpp"

namespace nslaunch::bench {

/// Writes the config.json with which an OCI runtime gives the command what a shard has: the
/// host's programs, but network, PID, mount and IPC namespaces, /proc and /tmp of its own.
void write_bundle(const std::filesystem::path& directory, const std::optional<Account>& account,
                  const std::vector<std::string>& command);

}  // namespace nslaunch::bench
