#pragma once

#include <sys/types.h>
#include <nslaunch/registry.hpp>

#include <string>
#include <string_view>

namespace nslaunch::registry {

/// What a file in a registry directory is, by its name alone.
enum class NameKind {
  kRecord,     ///< "ID.shard"
  kTemporary,  ///< ".ID.PID.tmp": a record that is being written
  kNote,       ///< ".ID.left": what a launcher leaves behind if it is killed (leftovers.hpp)
  kSocket,     ///< "ID.sock": the shard's control socket
  kIgnored,    ///< other hidden files
  kStranger,   ///< nothing of ours
};

NameKind kind_of(std::string_view file_name);

/// "ID" for "ID.shard" and "ID.sock"; the name itself for a stranger.
std::string id_of(std::string_view file_name);

std::string record_name(std::string_view id);
std::string socket_name(std::string_view id);
std::string temporary_name(std::string_view id, pid_t writer, unsigned tried = 0);
std::string note_name(std::string_view id);

}  // namespace nslaunch::registry
