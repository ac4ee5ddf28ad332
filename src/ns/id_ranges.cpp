#include "ns/id_ranges.hpp"

#include <algorithm>
#include <sstream>

#include "sys/check.hpp"

namespace nslaunch::ns {

std::vector<IdRange> parse_id_ranges(const std::string& text) {
  std::istringstream lines(text);
  std::vector<IdRange> ranges;
  for (IdRange range; lines >> range.inside >> range.outside >> range.count;) ranges.push_back(range);
  return ranges;
}

bool has_id(const std::vector<IdRange>& ranges, std::uint32_t inside) noexcept {
  return std::any_of(ranges.begin(), ranges.end(), [&](const IdRange& range) {
    return inside >= range.inside && inside - range.inside < range.count;
  });
}

bool is_whole(const std::vector<IdRange>& ranges) noexcept {
  return !ranges.empty() && ranges.front().inside == 0 && ranges.front().outside == 0 &&
         ranges.front().count == 0xffffffff;
}

std::string identity_map(const std::vector<IdRange>& ranges) {
  std::string map;
  for (const auto& range : ranges) map += fmt::format("{0} {0} {1}\n", range.inside, range.count);
  return map;
}

}  // namespace nslaunch::ns
