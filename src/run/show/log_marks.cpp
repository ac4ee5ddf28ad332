#include "run/show/log_marks.hpp"

#include "run/report/github.hpp"
#include "run/report/marks.hpp"

namespace nslaunch::run {

Marks marks_around(LogMarks marks, const PartResult& part, const Attempt& attempt, const FleetSpec& spec) {
  switch (marks) {
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
