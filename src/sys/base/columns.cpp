#include "sys/base/columns.hpp"

#include <unistr.h>
#include <uniwidth.h>

#include <algorithm>

#include "sys/base/text.hpp"

namespace nslaunch::sys {
namespace {

struct Character {
  std::size_t bytes;
  std::size_t columns;
};

Character first_character(std::string_view text) {
  ucs4_t code = 0;
  const int bytes = ::u8_mbtouc(&code, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  return {static_cast<std::size_t>(bytes), static_cast<std::size_t>(std::max(0, ::uc_width(code, "UTF-8")))};
}

/// The length in bytes of the longest prefix that fits.
std::size_t fitting(std::string_view text, std::size_t columns) {
  std::size_t end = 0;
  for (std::size_t used = 0; end < text.size();) {
    const auto character = first_character(text.substr(end));
    used += character.columns;
    if (used > columns) break;
    end += character.bytes;
  }
  return end;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto character = first_character(text);
    columns += character.columns;
    text.remove_prefix(character.bytes);
  }
  return columns;
}

std::string cut_to_columns(std::string_view text, std::size_t columns) {
  if (fitting(text, columns) == text.size()) return std::string(text);
  constexpr std::string_view kCut = "...";
  const auto cut = kCut.substr(0, columns);
  return std::string(text.substr(0, fitting(text, columns - cut.size()))).append(cut);
}

std::string as_it_stands(std::string_view line) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  if (const auto over = line.rfind('\r'); over != std::string_view::npos) line.remove_prefix(over + 1);
  std::string plain;
  while (!line.empty()) {
    if (line.starts_with("\033[")) {
      const auto end =
          std::find_if(line.begin() + 2, line.end(), [](char byte) { return byte >= '@' && byte <= '~'; });
      line.remove_prefix(static_cast<std::size_t>(end - line.begin()));
    } else {
      plain += line.front() == '\t' ? ' ' : line.front();
    }
    if (!line.empty()) line.remove_prefix(1);
  }
  return escape(plain);
}

}  // namespace nslaunch::sys
