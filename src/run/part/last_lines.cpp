#include "run/part/last_lines.hpp"

#include <algorithm>

namespace nslaunch::run {

std::vector<std::string_view> last_lines(std::string_view text, std::size_t most) {
  std::vector<std::string_view> lines;
  if (text.ends_with('\n')) text.remove_suffix(1);
  while (!text.empty() && lines.size() < most) {
    const auto end = text.rfind('\n');
    lines.push_back(end == std::string_view::npos ? text : text.substr(end + 1));
    text = end == std::string_view::npos ? std::string_view() : text.substr(0, end);
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

}  // namespace nslaunch::run
