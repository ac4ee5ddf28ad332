#pragma once

#include <nslaunch/spec.hpp>

#include <string>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// "PATH" or "PATH=DIR". The last '=' is the separator; if nothing follows it, nothing is kept. Throws
/// UsageError, whose message begins with `where`.
OverlaySpec parse_overlay(const std::string& text, const std::string& where);

/// What --pcap and --pcap-size ask for. Throws UsageError.
CaptureSpec read_capture(const Arguments& arguments);

}  // namespace nslaunch::cli
