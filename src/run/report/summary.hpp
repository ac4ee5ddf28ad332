#pragma once

#include <nslaunch/fleet.hpp>

#include <string>

namespace nslaunch::run {

/// The line for an attempt that has ended; `again`: its part is tried again.
std::string ended_line(const PartResult& part, const Attempt& attempt, const FleetSpec& spec, bool again);

/// What a person must know at the end: what failed and how to run just that again, what leaked, how many of
/// each and how long it took. Lines without "nslaunch: ".
std::string summary_of(const FleetResult& result, const FleetSpec& spec);

}  // namespace nslaunch::run
