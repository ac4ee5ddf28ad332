#include "cli/common/table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace nslaunch::cli {
namespace {

constexpr std::size_t kLongestCell = 24;
constexpr std::size_t kShortestLast = 10;

bool starts_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string cut(const std::string& text, std::size_t width) {
  if (width_of(text) <= width) return text;
  const std::size_t kept = width - std::min<std::size_t>(width, 3);
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end) {
    if (starts_character(text[end]) && seen++ == kept) break;
  }
  return text.substr(0, end) + "...";
}

std::string coloured(const std::string& text, const char* colour) {
  return *colour == '\0' ? text : colour + text + "\033[0m";
}

std::vector<std::size_t> widths_of(std::span<const Row> rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t column = 0; column < row.size(); ++column) {
      widths[column] = std::max(widths[column], std::min(width_of(row[column].text), kLongestCell));
    }
  }
  return widths;
}

}  // namespace

std::size_t terminal_width() {
  if (::isatty(STDOUT_FILENO) != 1) return 0;
  struct winsize size = {};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

std::string aligned(std::span<const Row> rows, std::size_t terminal_width) {
  const auto widths = widths_of(rows);
  std::string text;
  for (const auto& row : rows) {
    std::size_t used = 0;
    for (std::size_t column = 0; column + 1 < row.size(); ++column) {
      const auto shown = cut(row[column].text, kLongestCell);
      text += coloured(shown, row[column].colour) + std::string(widths[column] - width_of(shown) + 2, ' ');
      used += widths[column] + 2;
    }
    const std::size_t left = terminal_width - std::min(terminal_width, used);
    text += coloured(cut(row.back().text, std::max(left, kShortestLast)), row.back().colour) + '\n';
  }
  return text;
}

std::string tab_separated(std::span<const Row> rows) {
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      if (column > 0) text += '\t';
      text += coloured(row[column].text, row[column].colour);
    }
    text += '\n';
  }
  return text;
}

}  // namespace nslaunch::cli
