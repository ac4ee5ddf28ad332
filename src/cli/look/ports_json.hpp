#pragma once

#include <string>
#include <vector>

#include "cli/common/look.hpp"
#include "inspect/snapshot/ports.hpp"

namespace nslaunch::cli {

/// The document of `nslaunch ports --json` (docs/registry.md).
std::string ports_as_json(const Look& look, const std::vector<inspect::Port>& ports);

}  // namespace nslaunch::cli
