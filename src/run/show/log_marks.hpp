#pragma once

#include <nslaunch/fleet_display.hpp>

#include "run/report/marks.hpp"

namespace nslaunch::run {

Marks marks_around(LogMarks marks, const PartResult& part, const Attempt& attempt, const FleetSpec& spec);

}  // namespace nslaunch::run
