#include "support/screen.hpp"

#include <algorithm>
#include <regex>
#include <stdexcept>

#include "sys/base/columns.hpp"

namespace nslaunch::test {
namespace {

template <typename Cells>
std::size_t width_of(const Cells& cells) {
  std::size_t width = 0;
  for (const auto& cell : cells) width += cell.columns;
  return width;
}

std::size_t length_of_character(unsigned char first) {
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

}  // namespace

void Screen::write(const std::string& bytes) {
  pending_ += bytes;
  for (std::size_t length = 0; !pending_.empty(); pending_.erase(0, length)) {
    if (pending_.front() == '\033') {
      const auto end =
          std::find_if(pending_.begin() + std::min<std::ptrdiff_t>(2, std::ssize(pending_)), pending_.end(),
                       [](char letter) { return letter >= '@' && letter <= '~'; });
      if (end == pending_.end()) return;
      length = static_cast<std::size_t>(end - pending_.begin()) + 1;
      take_sequence(pending_.substr(1, length - 1));
      continue;
    }
    length = length_of_character(static_cast<unsigned char>(pending_.front()));
    if (pending_.size() < length) return;
    put(pending_.substr(0, length));
  }
}

void Screen::take_sequence(const std::string& sequence) {
  static const std::regex kUp("\\[([0-9]+)A");
  static const std::regex kColour("\\[[0-9;]*m");
  std::smatch match;
  if (std::regex_match(sequence, match, kUp)) return up(std::stoul(match[1]));
  if (std::regex_match(sequence, kColour)) return;
  if (sequence == "[K") return clear_line();
  if (sequence != "[J") throw std::runtime_error("an unexpected sequence: ESC " + sequence);
  clear_line();
  lines_.resize(row_ + 1);
}

void Screen::put(const std::string& character) {
  if (character == "\r") {
    column_ = 0;
    return;
  }
  if (character == "\n") return line_feed();
  if (static_cast<unsigned char>(character.front()) < 0x20) throw std::runtime_error("a control character");
  const auto columns = sys::columns_of(character);
  if (columns + width_of(lines_[row_].cells) > columns_ && column_ == lines_[row_].cells.size()) {
    lines_[row_].goes_on = true;
    line_feed();
    column_ = 0;
  }
  auto& cells = lines_[row_].cells;
  if (column_ < cells.size())
    cells[column_] = {character, columns};
  else
    cells.push_back({character, columns});
  ++column_;
}

void Screen::line_feed() {
  ++row_;
  if (row_ == lines_.size()) lines_.emplace_back();
}

void Screen::up(std::size_t rows) {
  row_ = std::max(top(), row_ - std::min(row_, rows));
}

void Screen::clear_line() {
  auto& row = lines_[row_];
  row.cells.resize(std::min(row.cells.size(), column_));
  row.goes_on = false;
}

void Screen::resize(std::size_t rows, std::size_t columns) {
  std::vector<Row> before;
  before.swap(lines_);
  const auto cursor = row_;
  lines_.assign(1, {});
  row_ = column_ = 0;
  columns_ = columns;
  rows_ = rows;
  for (std::size_t index = 0; index < before.size(); ++index) {
    for (const auto& cell : before[index].cells) put(cell.bytes);
    if (index == cursor) break;  // below it there is nothing
    if (!before[index].goes_on) {
      line_feed();
      column_ = 0;
    }
  }
}

std::vector<std::string> Screen::lines() const {
  std::vector<std::string> texts(1);
  for (const auto& row : lines_) {
    for (const auto& cell : row.cells) texts.back() += cell.bytes;
    if (!row.goes_on) texts.emplace_back();
  }
  for (auto& text : texts) text.erase(text.find_last_not_of(' ') + 1);
  while (!texts.empty() && texts.back().empty()) texts.pop_back();
  return texts;
}

std::size_t Screen::count(const std::string& line) const {
  const auto all = lines();
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), line));
}

}  // namespace nslaunch::test
