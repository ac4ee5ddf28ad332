#pragma once

#include <nslaunch/spec.hpp>

#include <string>

namespace nslaunch {

/// A file that the caller has named, and whose content becomes known to a command.
struct GivenFile {
  std::string path;
  std::string doing;     ///< for an error: "reading --env-file FILE"
  std::string advice{};  ///< for the same error: what to do
};

/// Returns the whole content, also from a pipe or a descriptor of the caller's (/dev/fd/N). For another
/// user's command it is read as that user, in a child and within 10 s, so that no link of that user's
/// discloses what only root may read; or by root, if root alone decides what lies there. `reader` null: as
/// the caller. Throws Error; EFBIG above 256 MiB.
std::string read_given_file(const GivenFile& given, const UserIds* reader);

}  // namespace nslaunch
