#include "sys/files/mountinfo.hpp"

#include <algorithm>
#include <optional>
#include <sstream>
#include <string_view>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::sys {
namespace {

constexpr std::size_t kLongestMountInfo = 16 << 20;

bool is_octal(std::string_view digits) {
  return digits.size() == 3 && digits[0] <= '3' &&
         digits.find_first_not_of("01234567") == std::string_view::npos;
}

/// Decodes \040 and the like, by which mountinfo escapes its field separators.
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

/// Only a space separates them: the kernel escapes no other white space in a name but \t and \n (K65).
std::vector<std::string> fields_of(const std::string& row) {
  std::istringstream rest(row);
  std::vector<std::string> fields;
  for (std::string field; std::getline(rest, field, ' ');) fields.push_back(std::move(field));
  return fields;
}

/// Empty if it is no such line.
std::optional<MountLine> parse_row(const std::string& row) {
  constexpr std::size_t kFirstOptional = 6;
  const auto fields = fields_of(row);
  if (fields.size() < kFirstOptional) return std::nullopt;
  const auto divider = std::find(fields.begin() + kFirstOptional, fields.end(), "-");
  if (std::distance(divider, fields.end()) < 4) return std::nullopt;
  MountLine line;
  const auto id = whole_number<std::uint64_t>(fields[0]);
  if (!id) return std::nullopt;
  line.id = *id;
  line.device = fields[2];
  line.root = unescaped(fields[3]);
  line.path = unescaped(fields[4]);
  line.options = fields[5];
  line.type = divider[1];
  // After the source, which may be empty.
  line.super_options = divider[3];
  for (auto more = divider + 4; more != fields.end(); ++more) line.super_options += " " + *more;
  return line;
}

}  // namespace

std::vector<MountLine> parse_mountinfo(const std::string& text) {
  std::istringstream rows(text);
  std::vector<MountLine> lines;
  for (std::string row; std::getline(rows, row);) {
    if (auto line = parse_row(row)) lines.push_back(std::move(*line));
  }
  return lines;
}

std::string read_mountinfo(const std::string& process) {
  const auto path = fmt::format("/proc/{}/mountinfo", process);
  return read_file(path.c_str(), kLongestMountInfo).value_or("");
}

std::vector<MountLine> mounts_here() {
  return parse_mountinfo(read_mountinfo("self"));
}

}  // namespace nslaunch::sys
