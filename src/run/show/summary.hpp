#pragma once

#include <nslaunch/fleet_display.hpp>

#include <string>

namespace nslaunch::run {

/// The line for an attempt that has ended.
std::string ended_line(const AttemptEnded& event, const FleetSpec& spec, bool colour);

/// What a user needs at the end: what failed and how to run just that again, what leaked, how many of each
/// status, and how long it took. Lines without "nslaunch: ".
std::string summary_of(const FleetResult& result, const FleetSpec& spec, const DisplaySettings& settings);

}  // namespace nslaunch::run
