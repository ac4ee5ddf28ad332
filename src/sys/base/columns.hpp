#pragma once

#include <string>
#include <string_view>

namespace nslaunch::sys {

/// How many columns a text without control characters takes on a terminal.
std::size_t columns_of(std::string_view text);

/// As much of such a text as fits into `columns`, ending with "..." if it is truncated.
std::string cut_to_columns(std::string_view text, std::size_t columns);

/// A line of a program's output as a terminal finally shows it: without colours and other escape sequences,
/// and with only what follows the last carriage return.
std::string as_it_stands(std::string_view line);

}  // namespace nslaunch::sys
