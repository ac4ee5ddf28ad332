#pragma once

#include "run/report/marks.hpp"

namespace nslaunch::run {

/// Those of FleetSpec::marks.
Marks marks_around(const PartResult& part, const Attempt& attempt, const FleetSpec& spec);

}  // namespace nslaunch::run
