#pragma once

#include <nslaunch/spec.hpp>

#include <string>

namespace nslaunch::cli {

/// "PATH" or "PATH=DIR". The last '=' divides; with nothing behind it, nothing is kept. Throws UsageError
/// that begins with `where`.
OverlaySpec parse_overlay(const std::string& text, const std::string& where);

}  // namespace nslaunch::cli
