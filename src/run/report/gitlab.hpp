#pragma once

#include "run/report/marks.hpp"

namespace nslaunch::run {

/// A section of GitLab's job log, closed where the attempt passed.
Marks gitlab_marks(const PartResult& part, const Attempt& attempt, const FleetSpec& spec);

}  // namespace nslaunch::run
