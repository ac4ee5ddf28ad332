#include "sys/fuse.hpp"

#include <catch2/catch.hpp>

namespace nslaunch::sys {
namespace {

const std::string kMounts =
    "24 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "31 24 0:30 / /home/u/s rw,nosuid,nodev shared:9 - fuse.sshfs host: "
    "rw,user_id=1001,group_id=1001,allow_other\n"
    "32 24 0:31 / /mnt rw - fuseblk /dev/sdb1 rw,user_id=0,group_id=0,allow_other\n"
    "33 24 0:32 / /home/u/\\040-\\040fuse rw - tmpfs none rw,user_id=7\n"
    "34 24 0:33 / /shared rw - virtiofs shared rw\n"
    "3 24 0:34 / /other rw - fuse none rw,group_id=0\n";

}  // namespace

TEST_CASE("who has mounted a FUSE file system is known by the mount table") {
  CHECK(mounter_in(kMounts, "31") == 1001U);
  CHECK(mounter_in(kMounts, "32") == 0U);
  for (const char* other : {"24", "33", "34", "3", "99", ""})
    CHECK(mounter_in(kMounts, other) == std::nullopt);
}

}  // namespace nslaunch::sys
