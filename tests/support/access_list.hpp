#pragma once

#include <sys/types.h>
#include <sys/xattr.h>

#include <array>
#include <cstdint>
#include <string>

namespace nslaunch::test {

/// Of rwx, as in a mode.
struct AccessList {
  std::uint16_t owner;
  std::uint16_t user;  ///< the one that is named
  std::uint16_t group;
  std::uint16_t others;
};

/// Gives a file an access control list with an entry for this user, whose mask takes nothing away
/// (linux/posix_acl_xattr.h, little-endian). False with errno where it can't have one. `kind`: a directory
/// has one for what is made in it, too.
inline bool set_access_list(const std::string& path, uid_t uid, const AccessList& rights,
                            const char* kind = "system.posix_acl_access") {
  struct Entry {
    std::uint16_t tag;
    std::uint16_t rights;
    std::uint32_t id;
  };
  struct List {
    std::uint32_t version;
    std::array<Entry, 5> entries;
  };
  constexpr auto kNone = std::uint32_t(-1);
  const auto mask = static_cast<std::uint16_t>(rights.user | rights.group);
  const List list = {2,
                     {{{0x01, rights.owner, kNone},
                       {0x02, rights.user, uid},
                       {0x04, rights.group, kNone},
                       {0x10, mask, kNone},
                       {0x20, rights.others, kNone}}}};
  return ::setxattr(path.c_str(), kind, &list, sizeof list, 0) == 0;
}

}  // namespace nslaunch::test
