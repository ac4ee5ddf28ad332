#pragma once

#include <string>
#include <string_view>

namespace nslaunch::sys {

/// How many columns of a terminal a text without control characters takes.
std::size_t columns_of(std::string_view text);

/// As much of such a text as fits into so many columns, ending with "..." where that is not all of it.
std::string cut_to_columns(std::string_view text, std::size_t columns);

/// A line of a program's output as it stands on a terminal in the end: without colours and other sequences,
/// and of what was written over only the last.
std::string as_it_stands(std::string_view line);

}  // namespace nslaunch::sys
