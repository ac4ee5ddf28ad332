#include "run/report/log_marks.hpp"

#include "run/report/github.hpp"
#include "run/report/gitlab.hpp"

namespace nslaunch::run {

Marks marks_around(const PartResult& part, const Attempt& attempt, const FleetSpec& spec) {
  switch (spec.marks) {
    case LogMarks::kGithub:
      return github_marks(part, attempt, spec);
    case LogMarks::kGitlab:
      return gitlab_marks(part, attempt, spec);
    case LogMarks::kNone:
      break;
  }
  return {};
}

}  // namespace nslaunch::run
