#pragma once

#include <nslaunch/outcome.hpp>

#include <string>
#include <vector>

namespace nslaunch::run {

/// A line for each leak that is known in detail, and one for all others.
std::vector<std::string> leak_lines(const Outcome& outcome);

}  // namespace nslaunch::run
