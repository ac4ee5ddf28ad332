#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace nslaunch::test {

/// What a terminal shows of what was written to it, as one that rewraps its lines when its width changes:
/// characters, \r, \n, "up", "clear to the end" of line and screen. It throws at any other sequence.
class Screen {
 public:
  Screen(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns), lines_(1) {}

  /// A sequence that ends in the middle is kept for the next call.
  void write(const std::string& bytes);
  void resize(std::size_t rows, std::size_t columns);

  /// Everything since the start, what has scrolled away too, without spaces at the ends of lines.
  std::vector<std::string> lines() const;
  /// How many of them are this one.
  std::size_t count(const std::string& line) const;

 private:
  /// A character of the line, with its columns.
  struct Cell {
    std::string bytes;
    std::size_t columns;
  };
  /// A row of the screen; the next goes on with its line.
  struct Row {
    std::vector<Cell> cells;
    bool goes_on = false;
  };

  void take_sequence(const std::string& sequence);
  void put(const std::string& character);
  void line_feed();
  void up(std::size_t rows);
  void clear_line();
  std::size_t top() const noexcept { return lines_.size() > rows_ ? lines_.size() - rows_ : 0; }

  std::size_t rows_;
  std::size_t columns_;
  std::vector<Row> lines_;  ///< rows, all since the start
  std::size_t row_ = 0;
  std::size_t column_ = 0;  ///< counted in cells
  std::string pending_;
};

}  // namespace nslaunch::test
