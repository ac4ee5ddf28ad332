#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace nslaunch::ns {

/// A line of /proc/PID/uid_map or gid_map (user_namespaces(7)): `count` ids from `inside` on map to those
/// from `outside` on.
struct IdRange {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 0;
};

/// Stops at the first line that is not a range.
std::vector<IdRange> parse_id_ranges(const std::string& text);

/// Whether the id is mapped inside.
bool has_id(const std::vector<IdRange>& ranges, std::uint32_t inside) noexcept;

/// Whether it is the map of the initial user namespace: only that has every id.
bool is_whole(const std::vector<IdRange>& ranges) noexcept;

/// Each range mapped onto itself, in the form that the kernel accepts for a child namespace.
std::string identity_map(const std::vector<IdRange>& ranges);

/// For sorted, unique ids: adjacent ones form one range, mapped onto itself.
std::vector<IdRange> ranges_of(const std::vector<std::uint32_t>& ids);

/// The first lines of a map, as many as the kernel accepts: 340, and less than a page in total
/// (user_namespaces(7)).
std::string what_fits_in_map(std::string map);

/// How ids of the shard's user namespace relate to the caller's.
struct IdMap {
  uid_t inside_uid;
  gid_t inside_gid;
  uid_t outside_uid;
  gid_t outside_gid;
  /// Map every id that the caller's own namespace has onto itself instead (needs CAP_SETUID and
  /// CAP_SETGID); supplementary groups and other owners then keep their meaning.
  bool identity;
  /// Groups that are mapped onto themselves besides `inside_gid` (needs CAP_SETGID), sorted and unique; only
  /// as many of the first as a map can hold.
  std::vector<gid_t> more_groups{};
};

/// Writes the maps of the new user namespace that `pid` lives in. Called by the launcher for the child
/// it has cloned. Throws Error.
void write_id_maps(pid_t pid, const IdMap& map);

/// Called by init: moves it into a new user namespace, and the other namespaces in `flags` (CLONE_NEW*), with
/// these maps. More than one id can be mapped only by a process that stays outside: a child, for as long as
/// this takes. Throws Error.
void unshare_user(int flags, const IdMap& map);

}  // namespace nslaunch::ns
