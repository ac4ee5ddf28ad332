#pragma once

#include <span>
#include <string>
#include <vector>

namespace nslaunch::cli {

/// The columns available for a table; 0: stdout is no terminal.
std::size_t terminal_width();

struct Cell {
  Cell(std::string shown, const char* sequence = "") : text(std::move(shown)), colour(sequence) {}  // NOLINT

  std::string text;
  const char* colour;  ///< an escape sequence, or empty
};

using Row = std::vector<Cell>;

/// For people: columns aligned with spaces, long cells cut, the last column at the edge of the terminal.
std::string aligned(std::span<const Row> rows, std::size_t terminal_width);

/// For programs: nothing cut.
std::string tab_separated(std::span<const Row> rows);

}  // namespace nslaunch::cli
