#include "sys/files/mounter.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {
namespace {

Mounter mounter_of_line(const std::string& text) {
  const auto mounts = parse_mountinfo(text + "\n");
  REQUIRE(mounts.size() == 1);
  return mounter_in(mounts.front());
}

}  // namespace

TEST_CASE("who has mounted a file system is known by the mount table") {
  CHECK(mounter_of_line("24 1 254:0 / / rw,relatime - ext4 /dev/vda rw") == Mounter::kRoot);
  CHECK(mounter_of_line("31 24 0:30 / /home/u/s rw,nosuid,nodev shared:9 - fuse.sshfs host: "
                        "rw,user_id=54321,group_id=54321,allow_other") == Mounter::kAnother);
  CHECK(mounter_of_line("32 24 0:31 / /mnt rw - fuseblk /dev/sdb1 rw,user_id=0,group_id=0") ==
        Mounter::kRoot);
  CHECK(mounter_of_line("33 24 0:32 / /h/\\040-\\040fuse rw - ext4 none rw,user_id=7") == Mounter::kRoot);
  CHECK(mounter_of_line("34 24 0:33 / /shared rw - virtiofs shared rw") == Mounter::kRoot);
}

TEST_CASE("what a user calls a FUSE file system does not hide whose it is") {
  for (const char* named : {"fuse user_id=0", "fuse user_id=0,x", "fuse.user_id=0 none"}) {
    CHECK(mounter_of_line(std::string("31 24 0:30 / /home/u/s rw - ") + named +
                          " rw,user_id=54321,group_id=54321") == Mounter::kAnother);
  }
}

TEST_CASE("an empty source does not hide whose a FUSE file system is") {
  CHECK(mounter_of_line("31 24 0:30 / /h rw - fuse  rw,user_id=54321") == Mounter::kAnother);
}

TEST_CASE("a mount that is nosuid and nodev may have an image of a user's on it, and a tmpfs has none") {
  CHECK(mounter_of_line("35 24 7:0 / /media/u/d rw,nosuid,nodev - ext4 /dev/loop0 rw") == Mounter::kPerhaps);
  CHECK(mounter_of_line("36 24 7:0 / /home rw,nosuid - ext4 /dev/vdb rw") == Mounter::kRoot);
  CHECK(mounter_of_line("37 24 0:9 / /tmp rw,nosuid,nodev - tmpfs tmpfs rw") == Mounter::kRoot);
}

TEST_CASE("the mount of a descriptor is found") {
  const Fd root(::open("/", O_PATH | O_CLOEXEC));
  CHECK(mounter_of(root.get()) == Mounter::kRoot);
}

}  // namespace nslaunch::sys
