#include "run/marks.hpp"

#include "run/status.hpp"
#include "sys/check.hpp"
#include "sys/text.hpp"
#include "sys/values.hpp"

namespace nslaunch::run {

std::string heading_of(const PartResult& part, const Attempt& attempt, const FleetSpec& spec) {
  return fmt::format("{} {}, {}", to_string(attempt.status), sys::escape(label_of(part, spec)),
                     sys::format_duration(time_of(attempt)));
}

}  // namespace nslaunch::run
