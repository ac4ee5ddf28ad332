#pragma once

#include <nslaunch/fleet.hpp>

#include <string>

namespace nslaunch::run {

/// What is printed before and after the output of one attempt.
struct Marks {
  std::string before{};
  std::string after{};
};

/// "PASS shard-1" and the time taken: the heading of a folded section.
std::string heading_of(const PartResult& part, const Attempt& attempt, const FleetSpec& spec);

/// A section of GitLab's job log, collapsed if the attempt passed.
Marks gitlab_marks(const PartResult& part, const Attempt& attempt, const FleetSpec& spec);

}  // namespace nslaunch::run
