#pragma once

#include <nslaunch/spec.hpp>

#include <string>

#include "sys/fd.hpp"

namespace nslaunch::run {

/// Opens the artifacts folder of an attempt. A command has had a hand in where its name leads, an earlier
/// attempt or this one: as root with ShardSpec::user it has to be a folder of that user's. Throws Error.
sys::Fd open_attempt_folder(const std::string& path, const ShardSpec& spec);

/// A new file in such a folder, in the place of what has its name. Throws Error.
sys::Fd make_file_in(const sys::Fd& folder, const char* name);

}  // namespace nslaunch::run
