#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nslaunch::sys {

/// Control characters, those of direction and bytes that are not UTF-8 as \xNN, so that a name or an argument
/// can't drive the terminal it is shown on, nor look like another.
std::string escape(std::string_view text);

/// What of a text an XML document may have: the sequences that colour a terminal are left out, any other byte
/// or character that XML does not know is U+FFFD.
std::string for_xml(std::string_view text);

/// Arguments as a shell would take them again, with control characters escaped.
std::string shell_quote(const std::vector<std::string>& arguments);

/// The last lines of a text, at most so many.
std::vector<std::string_view> last_lines(std::string_view text, std::size_t most);

}  // namespace nslaunch::sys
