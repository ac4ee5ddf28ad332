#pragma once

#include <nslaunch/spec.hpp>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// What --pcap and --pcap-size ask for. Throws UsageError.
CaptureSpec read_capture(const Arguments& arguments);

}  // namespace nslaunch::cli
