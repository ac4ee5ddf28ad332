#include "run/report/marks.hpp"

#include "run/part/status.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::run {

std::string heading_of(const PartResult& part, const Attempt& attempt, const FleetSpec& spec) {
  return fmt::format("{} {}, {}", to_string(attempt.status), sys::escape(label_of(part, spec)),
                     sys::format_duration(time_of(attempt)));
}

Marks gitlab_marks(const PartResult& part, const Attempt& attempt, const FleetSpec& spec) {
  const auto began = attempt.started_at / 1000;
  const auto took = std::chrono::duration_cast<std::chrono::seconds>(time_of(attempt)).count();
  // No other section of the log has that name: a retry is another shard.
  const auto name = "nslaunch_" + attempt.id;
  return {.before = fmt::format("\033[0Ksection_start:{}:{}{}\r\033[0K{}\n", began, name,
                                has_passed(attempt.status, spec.shard) ? "[collapsed=true]" : "",
                                heading_of(part, attempt, spec)),
          .after = fmt::format("\033[0Ksection_end:{}:{}\r\033[0K\n", began + took, name)};
}

}  // namespace nslaunch::run
