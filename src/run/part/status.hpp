#pragma once

#include <nslaunch/fleet.hpp>
#include <nslaunch/spec.hpp>

#include <chrono>
#include <string>

namespace nslaunch::run {

/// The status for the outcome of a shard that was not cancelled: PASS, LEAK, FAIL, KILLED or TIMEOUT.
Status status_of(const Outcome& outcome, const ShardSpec& spec) noexcept;

/// Whether a part with this status needs no other attempt.
bool has_passed(Status status, const ShardSpec& spec) noexcept;

/// Describes how an attempt ended: "exit status 3", "died of SIGSEGV", "ran longer than 5m".
std::string describe_end(const Attempt& attempt, const ShardSpec& spec);

/// A part's name, with its repetition if there are several.
std::string label_of(const PartResult& part, const FleetSpec& spec);

/// "3 PASS, 1 FAIL".
std::string counts_of(const FleetResult& result);

/// How long an attempt took, from its launch to the end of its last process.
std::chrono::microseconds time_of(const Attempt& attempt) noexcept;

}  // namespace nslaunch::run
