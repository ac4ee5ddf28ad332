#include "sys/base/text.hpp"

#include <algorithm>

namespace nslaunch::sys {
namespace {

/// Length of the well-formed UTF-8 sequence of a printable character at the start of `text`; 0 if there is
/// none.
std::size_t printable_prefix(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  if (byte(0) < 0x80) return byte(0) >= 0x20 && byte(0) != 0x7f ? 1 : 0;
  const std::size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return 0;
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xc0) != 0x80) return 0;
  }
  // C1 controls, overlong forms, surrogates and what lies past U+10FFFF.
  if (byte(0) == 0xc2 && byte(1) < 0xa0) return 0;
  if (byte(0) == 0xe0 && byte(1) < 0xa0) return 0;
  if (byte(0) == 0xed && byte(1) > 0x9f) return 0;
  if (byte(0) == 0xf0 && byte(1) < 0x90) return 0;
  if (byte(0) == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

/// The same, without Unicode's bidirectional controls (UAX #9), which reorder the text beside them.
std::size_t showable_prefix(std::string_view text) {
  constexpr std::string_view kOfDirection[] = {"\u061c", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c",
                                               "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"};
  const auto length = printable_prefix(text);
  if (length < 2) return length;
  const bool turns = std::ranges::find(kOfDirection, text.substr(0, length)) != std::end(kOfDirection);
  return turns ? 0 : length;
}

/// Length of the control sequence (ECMA-48: "ESC [ 3 1 m") at the start of `text`; 0 if there is none.
std::size_t control_sequence_prefix(std::string_view text) {
  if (!text.starts_with("\033[")) return 0;
  const auto is_final = [](char letter) { return letter >= '@' && letter <= '~'; };
  const auto final = std::find_if(text.begin() + 2, text.end(), is_final);
  if (final == text.end()) return 0;
  const auto length = static_cast<std::size_t>(final - text.begin()) + 1;
  const auto is_inner = [](char letter) { return letter >= ' ' && letter <= '?'; };
  return std::all_of(text.begin() + 2, final, is_inner) ? length : 0;
}

/// Length of the character at the start of `text` that XML 1.0 allows; 0 if there is none.
std::size_t xml_prefix(std::string_view text) {
  if (text[0] == '\t' || text[0] == '\n' || text[0] == '\r') return 1;
  const auto length = printable_prefix(text);
  const auto character = text.substr(0, length);
  return character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf" ? 0 : length;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = showable_prefix(text);
    if (length == 0) {
      constexpr const char* kDigits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(text[0]);
      shown += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 0xf]};
    } else {
      shown += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return shown;
}

namespace {

/// Quotes unprintable characters as bash, zsh and ksh read them: $'a\x0ab'.
std::string quote_unprintable(const std::string& argument) {
  std::string quoted;
  for (const char letter : argument) {
    if (letter == '\'' || letter == '\\') quoted += '\\';
    quoted += letter;
  }
  return "$'" + escape(quoted) + "'";
}

}  // namespace

std::string for_xml(std::string_view text) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    if (const auto colours = control_sequence_prefix(text); colours > 0) {
      text.remove_prefix(colours);
      continue;
    }
    const auto length = xml_prefix(text);
    clean += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

std::string shell_quote(const std::vector<std::string>& arguments) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-{}";
  std::string line;
  for (const auto& argument : arguments) {
    if (!line.empty()) line += ' ';
    const bool expands =
        argument.find('{') != std::string::npos &&
        (argument.find(',') != std::string::npos || argument.find("..") != std::string::npos);
    if (!argument.empty() && !expands && argument.find_first_not_of(kPlain) == std::string::npos) {
      line += argument;
      continue;
    }
    if (escape(argument) != argument) {
      line += quote_unprintable(argument);
      continue;
    }
    line += '\'';
    for (const char letter : argument) line += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    line += '\'';
  }
  return line;
}

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

}  // namespace nslaunch::sys
