#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nslaunch::sys {

/// Escapes control characters, bidirectional controls and bytes that are not UTF-8 as \xNN, so that a name or
/// an argument can't control the terminal that shows it, nor look like another.
std::string escape(std::string_view text);

/// Makes a text valid in an XML document: the sequences that colour a terminal are removed, any other byte or
/// character that XML does not allow becomes U+FFFD.
std::string for_xml(std::string_view text);

/// Quotes arguments for a shell, with control characters escaped.
std::string shell_quote(const std::vector<std::string>& arguments);

/// The last lines of a text, at most `most`.
std::vector<std::string_view> last_lines(std::string_view text, std::size_t most);

}  // namespace nslaunch::sys
