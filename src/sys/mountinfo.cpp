#include "sys/mountinfo.hpp"

#include <sstream>
#include <string_view>

#include "sys/check.hpp"
#include "sys/files.hpp"

namespace nslaunch::sys {
namespace {

constexpr std::size_t kLongestMountInfo = 16 << 20;

bool is_octal(std::string_view digits) {
  return digits.size() == 3 && digits[0] <= '3' &&
         digits.find_first_not_of("01234567") == std::string_view::npos;
}

/// Without the \040 and the like that mountinfo has for what divides its fields.
std::string unescaped(std::string_view field) {
  std::string text;
  for (std::size_t at = 0; at < field.size(); ++at) {
    const auto digits = field.substr(at + 1, 3);
    if (field[at] != '\\' || !is_octal(digits)) {
      text += field[at];
      continue;
    }
    text += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
    at += digits.size();
  }
  return text;
}

}  // namespace

std::vector<MountLine> parse_mountinfo(const std::string& text) {
  std::istringstream rows(text);
  std::vector<MountLine> lines;
  for (std::string row; std::getline(rows, row);) {
    std::istringstream fields(row);
    MountLine line;
    std::string skipped;
    fields >> line.id >> skipped >> line.device >> line.root >> line.path >> line.options;
    while (fields >> skipped && skipped != "-") continue;
    fields >> line.type;
    while (fields >> line.super_options) continue;  // the last: a source may be empty
    line.root = unescaped(line.root);
    line.path = unescaped(line.path);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<MountLine> mounts_of(const std::string& process) {
  const auto path = fmt::format("/proc/{}/mountinfo", process);
  return parse_mountinfo(read_file(path.c_str(), kLongestMountInfo).value_or(""));
}

}  // namespace nslaunch::sys
