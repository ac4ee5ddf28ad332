#include "inspect/snapshot/ports.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace nslaunch;
using inspect::Member;
using inspect::OwnedSocket;

Member member(pid_t pid, pid_t group) {
  Member member;
  member.pid = pid;
  member.stat.process_group = group;
  return member;
}

OwnedSocket socket(const char* local, std::uint64_t inode, std::vector<pid_t> owners,
                   const char* remote = "") {
  OwnedSocket owned;
  owned.socket.local = local;
  owned.socket.remote = remote;
  owned.socket.listening = owned.socket.remote.empty();
  owned.socket.inode = inode;
  owned.owners = std::move(owners);
  return owned;
}

}  // namespace

TEST_CASE("a port that two process groups have bound is shared, one that workers inherited is not",
          "[unit]") {
  const std::vector<Member> members = {member(2, 2), member(3, 2), member(4, 4)};
  const auto ports =
      inspect::ports_among({socket("127.0.0.1:9925", 10, {2}), socket("127.0.0.1:9925", 11, {4}),
                            socket("127.0.0.1:9926", 12, {2, 3}), socket("127.0.0.1:1883", 13, {2}),
                            socket("127.0.0.1:1883", 14, {3})},
                           members);
  REQUIRE(ports.size() == 5);
  CHECK(ports[0].listener.socket.local == "127.0.0.1:1883");
  CHECK_FALSE(ports[0].shared);  // a cluster of one server's workers, each with a socket of its own
  CHECK(ports[2].shared);
  CHECK(ports[3].shared);
  CHECK_FALSE(ports[4].shared);
}

TEST_CASE("the connections to a port are counted, and are no ports themselves", "[unit]") {
  const auto ports = inspect::ports_among(
      {socket("[::]:9926", 10, {2}), socket("[::1]:9926", 11, {2}, "[::1]:40000"),
       socket("[::1]:40000", 12, {3}, "[::1]:9926"), socket("127.0.0.1:9926", 13, {2}, "127.0.0.1:40001")},
      {});
  REQUIRE(ports.size() == 1);
  CHECK(ports[0].connections == 2);
  const auto other = inspect::ports_among(
      {socket("127.0.0.2:9926", 10, {2}), socket("127.0.0.1:9926", 13, {2}, "127.0.0.1:40001")}, {});
  CHECK(other.at(0).connections == 0);
}
