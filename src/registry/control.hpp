#pragma once

#include <nslaunch/registry.hpp>

#include <sys/un.h>

#include <string>

#include "sys/fd.hpp"

namespace nslaunch::registry {

/// The address of a socket in an open folder, however long the folder's path is.
sockaddr_un address_in(int folder, const std::string& name);

/// A connection to the control socket of a shard that list_shards showed. Throws Error where there is none.
sys::Fd connect_to_control(const ShardEntry& entry);

}  // namespace nslaunch::registry
