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

}  // namespace nslaunch::run
