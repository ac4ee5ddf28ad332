#pragma once

#include <nslaunch/spec.hpp>

#include <string>

namespace nslaunch::cli {

/// "PATH" or "PATH=DIR". The last '=' is the separator; if nothing follows it, nothing is kept. Throws
/// UsageError, whose message begins with `where`.
OverlaySpec parse_overlay(const std::string& text, const std::string& where);

}  // namespace nslaunch::cli
