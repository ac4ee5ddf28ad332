#include "ns/own_cgroup.hpp"

#include <sstream>

#include "sys/base/files.hpp"

namespace nslaunch::ns {

std::vector<CgroupLine> parse_cgroup(const std::string& text) {
  std::istringstream rows(text);
  std::vector<CgroupLine> lines;
  for (std::string row; std::getline(rows, row);) {
    const auto first = row.find(':');
    const auto second = first == std::string::npos ? first : row.find(':', first + 1);
    if (second == std::string::npos) continue;  // the path may have colons of its own
    CgroupLine line{.controllers = row.substr(first + 1, second - first - 1), .path = row.substr(second + 1)};
    line.is_version_2 = row.starts_with("0::");
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<CgroupLine> own_cgroups() {
  return parse_cgroup(sys::read_file("/proc/self/cgroup").value_or(""));
}

bool has_controller(const CgroupLine& line, const std::string& controller) {
  std::istringstream names(line.controllers);
  for (std::string name; std::getline(names, name, ',');) {
    if (name == controller) return true;
  }
  return false;
}

}  // namespace nslaunch::ns
