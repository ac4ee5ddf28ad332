#include "ns/id_ranges.hpp"

#include <algorithm>
#include <sstream>

#include "sys/base/check.hpp"

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

std::vector<IdRange> ranges_of(const std::vector<std::uint32_t>& ids) {
  std::vector<IdRange> ranges;
  for (const auto id : ids) {
    if (!ranges.empty() && id == ranges.back().inside + ranges.back().count)
      ++ranges.back().count;
    else
      ranges.push_back({id, id, 1});
  }
  return ranges;
}

std::string what_fits_in_map(std::string map) {
  constexpr std::size_t kMostLines = 340;
  constexpr std::size_t kSmallestPage = 4096;
  std::size_t end = 0;
  for (std::size_t lines = 0; lines < kMostLines; ++lines) {
    const auto next = map.find('\n', end);
    if (next == std::string::npos || next + 1 >= kSmallestPage) break;
    end = next + 1;
  }
  map.resize(end);
  return map;
}

}  // namespace nslaunch::ns
