#pragma once

#include <nslaunch/fleet.hpp>

#include <map>
#include <string>
#include <vector>

#include "run/report/junit.hpp"

namespace nslaunch::run {

/// The cases that the commands themselves have reported, by attempt id.
using ReportedCases = std::map<std::string, std::vector<JunitCase>>;

/// A suite per part: one case for its shard, then those that its last attempt has reported.
std::vector<JunitSuite> junit_of(const FleetResult& result, const FleetSpec& spec,
                                 const ReportedCases& reported);

}  // namespace nslaunch::run
