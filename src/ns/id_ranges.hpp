#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nslaunch::ns {

/// A line of /proc/PID/uid_map or gid_map (user_namespaces(7)): so many ids from `inside` on are those from
/// `outside` on.
struct IdRange {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 0;
};

/// Up to the first line that is none.
std::vector<IdRange> parse_id_ranges(const std::string& text);

/// Whether the id has a number inside.
bool has_id(const std::vector<IdRange>& ranges, std::uint32_t inside) noexcept;

/// Whether it is the map of the first user namespace: it alone has every number there is.
bool is_whole(const std::vector<IdRange>& ranges) noexcept;

/// Each range mapped onto itself, as the kernel takes it for a namespace below.
std::string identity_map(const std::vector<IdRange>& ranges);

/// Of ids in order and each once: neighbours are one range, mapped onto itself.
std::vector<IdRange> ranges_of(const std::vector<std::uint32_t>& ids);

/// The first lines of a map, as many as the kernel takes: 340, and less than a page in all
/// (user_namespaces(7)).
std::string what_fits_in_map(std::string map);

}  // namespace nslaunch::ns
