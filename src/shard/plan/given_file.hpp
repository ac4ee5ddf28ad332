#pragma once

#include <nslaunch/spec.hpp>

#include <string>

namespace nslaunch::shard {

/// A file that the caller has named, and of which a command will know.
struct GivenFile {
  std::string path;
  std::string doing;  ///< for an error: "reading --env-file FILE"
  std::string advice{};
};

/// All of it: from a pipe or a descriptor of the caller's (/dev/fd/N), too. For another user's command it is
/// read as that user, in a child and in 10 s at most, so that no link of that user's gives away what only
/// root may read; or by root, where root alone decides what lies there. `reader` null: as oneself. Throws
/// Error; EFBIG above 256 MiB.
std::string read_given_file(const GivenFile& given, const UserIds* reader);

}  // namespace nslaunch::shard
