#pragma once

#include <sys/types.h>

#include <vector>

namespace nslaunch::ns {

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
