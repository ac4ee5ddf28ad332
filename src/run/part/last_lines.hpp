#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace nslaunch::run {

/// The last lines of a text, at most so many.
std::vector<std::string_view> last_lines(std::string_view text, std::size_t most);

}  // namespace nslaunch::run
