#include "run/log_marks.hpp"

#include "run/github.hpp"
#include "run/gitlab.hpp"
#include "run/status.hpp"
#include "sys/check.hpp"
#include "sys/text.hpp"
#include "sys/values.hpp"

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

std::string heading_of(const PartResult& part, const Attempt& attempt, const FleetSpec& spec) {
  return fmt::format("{} {}, {}", to_string(attempt.status), sys::escape(label_of(part, spec)),
                     sys::format_duration(time_of(attempt)));
}

}  // namespace nslaunch::run
