// Files of /proc, with names that others have chosen in them: processes, mount points, control groups.
#include "input.hpp"
#include "ns/delegation.hpp"
#include "ns/idmap.hpp"
#include "sys/files/mountinfo.hpp"
#include "sys/process/procfs.hpp"

namespace {

using namespace nslaunch;

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
}

void try_stat(const std::string& text) {
  const auto stat = sys::parse_stat(text);
  if (stat)
    fuzz::require(text.find("(" + stat->comm + ")") != std::string::npos, "a name stands in parentheses");
}

void try_mounts(const std::string& text) {
  const auto mounts = sys::parse_mountinfo(text);
  fuzz::require(mounts.size() <= lines_in(text), "a line has one mount");
  for (const auto& mount : mounts)
    fuzz::require(mount.path.size() <= text.size() && mount.type.find('\n') == std::string::npos,
                  "fields are within their line");
}

void try_groups(const std::string& text) {
  const auto groups = ns::parse_cgroup(text);
  fuzz::require(groups.size() <= lines_in(text), "a line has one group");
  for (const auto& group : groups)
    fuzz::require(text.find(group.controllers + ":" + group.path) != std::string::npos,
                  "a path is the whole path");
}

void try_id_map(const std::string& text) {
  const auto ranges = ns::parse_id_ranges(text);
  const auto map = ns::identity_map(ranges);
  fuzz::require(ns::identity_map(ns::parse_id_ranges(map)) == map, "a map onto itself stays as it is");
  for (const auto& range : ranges)
    fuzz::require(range.count == 0 || ns::has_id(ranges, range.inside),
                  "the first id of a range has a number");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::Input(data, size).text();
  try_stat(text);
  try_mounts(text);
  try_groups(text);
  try_id_map(text);
  return 0;
}
