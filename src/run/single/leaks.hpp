#pragma once

#include <nslaunch/outcome.hpp>
#include <nslaunch/spec.hpp>

#include <string>
#include <vector>

namespace nslaunch::run {

/// Whether what the command has left running is reported, and with LeakPolicy::kFail is a failure: with that,
/// also if it is unknown whether anything was left.
bool has_leaked(const Outcome& outcome, const ShardSpec& spec) noexcept;

/// "3 left running", for one that has leaked.
std::string left_running(const Outcome& outcome);

/// A line for each leak that is known in detail, and one for all others.
std::vector<std::string> leak_lines(const Outcome& outcome);

}  // namespace nslaunch::run
