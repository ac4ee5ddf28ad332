#include <catch2/catch.hpp>

#include "ns/delegation.hpp"
#include "ns/idmap.hpp"
#include "sys/files/mountinfo.hpp"

namespace nslaunch::test {

TEST_CASE("a mount is read with the names that it has, spaces and ends of lines included") {
  const auto mounts = sys::parse_mountinfo(
      "45 44 0:30 /a\\040b /mnt/with\\040space\\012line\\134 rw,nosuid shared:1 master:2 - tmpfs tmpfs rw\n"
      "46 45 0:31 / /proc rw - proc proc rw\n");
  REQUIRE(mounts.size() == 2);
  CHECK(mounts[0].id == 45);
  CHECK(mounts[0].device == "0:30");
  CHECK(mounts[0].root == "/a b");
  CHECK(mounts[0].path == "/mnt/with space\nline\\");
  CHECK(mounts[0].type == "tmpfs");
  CHECK(mounts[1].path == "/proc");
  CHECK(mounts[1].type == "proc");
}

TEST_CASE("what is no escape of mountinfo's stays as it is") {
  const auto mounts = sys::parse_mountinfo("1 2 0:3 / /a\\9zz\\04\\ rw - tmpfs tmpfs rw\n\nnonsense\n");
  REQUIRE(mounts.size() == 1);
  CHECK(mounts[0].path == "/a\\9zz\\04\\");
}

TEST_CASE("no white space in a name passes for the end of a mount's field") {
  const std::string forged = "/home/u/X\f/Y\frw\f-\fext4\vz\r";
  const auto mounts = sys::parse_mountinfo("45 44 0:30 " + forged + " " + forged +
                                           " rw,nosuid - fuse x\f-\fext4 rw,user_id=7\n");
  REQUIRE(mounts.size() == 1);
  CHECK(mounts[0].root == forged);
  CHECK(mounts[0].path == forged);
  CHECK(mounts[0].options == "rw,nosuid");
  CHECK(mounts[0].type == "fuse");
  CHECK(mounts[0].super_options == "rw,user_id=7");
}

TEST_CASE("a control group's path may have colons, and version 2 has no controllers") {
  const auto groups =
      ns::parse_cgroup("4:memory,pids:/kubepods:cri:a\n1:name=systemd:/\n0::/user.slice:b\nnonsense\n");
  REQUIRE(groups.size() == 3);
  CHECK(groups[0].path == "/kubepods:cri:a");
  CHECK(ns::has_controller(groups[0], "pids"));
  CHECK_FALSE(ns::has_controller(groups[0], "pid"));
  CHECK_FALSE(groups[0].is_version_2);
  CHECK(groups[2].is_version_2);
  CHECK(groups[2].path == "/user.slice:b");
  CHECK_FALSE(ns::has_controller(groups[2], ""));
}

TEST_CASE("the map of the first user namespace is told from any other") {
  const auto first = ns::parse_id_ranges("         0          0 4294967295\n");
  CHECK(ns::is_whole(first));
  CHECK(ns::has_id(first, 4'294'967'294));
  const auto other = ns::parse_id_ranges("0 1000 1\n1 100000 65536\n");
  CHECK_FALSE(ns::is_whole(other));
  CHECK(ns::has_id(other, 65'536));
  CHECK_FALSE(ns::has_id(other, 65'537));
  CHECK(ns::identity_map(other) == "0 0 1\n1 1 65536\n");
  CHECK(ns::parse_id_ranges("0 0 4294967296\n").empty());
}

TEST_CASE("a map of many ids has ranges for neighbours, and no more than the kernel takes") {
  CHECK(ns::identity_map(ns::ranges_of({5, 7, 8, 9, 4'294'967'294})) ==
        "5 5 1\n7 7 3\n4294967294 4294967294 1\n");
  std::vector<std::uint32_t> short_ones;
  std::vector<std::uint32_t> long_ones;
  for (std::uint32_t number = 0; number < 1000; number += 2) {
    short_ones.push_back(number % 10);
    long_ones.push_back(4'000'000'000 + number);
  }
  const auto fitting = [](const std::vector<std::uint32_t>& ids) {
    return ns::what_fits_in_map(ns::identity_map(ns::ranges_of(ids)));
  };
  CHECK(ns::parse_id_ranges(fitting(short_ones)).size() == 340);
  CHECK(fitting(long_ones).size() == 4080);  // 170 of 24 bytes
}

}  // namespace nslaunch::test
