#include <sched.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/namespaces.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Settings = std::vector<std::pair<std::string, std::string>>;

/// What `script` prints in a shard whose host is a network namespace of the test's own that has these
/// settings: the machine's are left alone.
std::string in_shard_of_host_with(const Settings& settings, const std::string& script,
                                  const Words& options = {}) {
  const RegistryView state;
  return in_new_namespaces(CLONE_NEWNET, [&] {
    bring_loopback_up();
    for (const auto& [name, value] : settings) {
      sys::check(-sys::write_file(("/proc/sys/net/" + name).c_str(), value), "setting {}", name);
    }
    const auto ended = run(in_shard("cd /proc/sys/net; " + script, options), state.options());
    return ended.out + ended.err;
  });
}

}  // namespace

TEST_CASE("a changed network setting of the host holds in the shard") {
  const Settings settings = {
      {"core/somaxconn", "1234"},         {"ipv4/ip_local_port_range", "20000\t20100"},
      {"ipv4/tcp_fin_timeout", "17"},     {"ipv4/tcp_keepalive_time", "99"},
      {"ipv4/ip_nonlocal_bind", "1"},     {"ipv4/ip_local_reserved_ports", "20005,20010-20012"},
      {"ipv4/tcp_syncookies", "0"},       {"ipv4/tcp_tw_reuse", "1"},
      {"ipv4/tcp_max_syn_backlog", "77"}, {"unix/max_dgram_qlen", "33"}};
  for (const auto& setting : settings) {
    CAPTURE(setting.first);
    CHECK(in_shard_of_host_with({setting}, "cat " + setting.first) == setting.second + "\n");
  }
  std::string all;
  for (const auto& setting : settings) all += setting.second + "\n";
  std::string names;
  for (const auto& setting : settings) names += " " + setting.first;
  CHECK(in_shard_of_host_with(settings, "cat" + names) == all);
}

TEST_CASE("the shard's ports below 1024 are open whatever the host says") {
  CHECK(in_shard_of_host_with({{"ipv4/ip_unprivileged_port_start", "2000"}},
                              "cat ipv4/ip_unprivileged_port_start") == "0\n");
}

TEST_CASE("a long list of reserved ports arrives whole") {
  std::string ports = "10001";
  for (int port = 10003; port < 11200; port += 2) ports += "," + std::to_string(port);
  CHECK(in_shard_of_host_with({{"ipv4/ip_local_reserved_ports", ports}},
                              "cat ipv4/ip_local_reserved_ports") == ports + "\n");
}

TEST_CASE("ping_group_range is copied, or cut down to the groups that are mapped") {
  const auto gid = std::to_string(::getegid());
  const auto as_given = ::geteuid() == 0 ? "0\t2147483647\n" : gid + "\t" + gid + "\n";
  const auto range = ::geteuid() == 0 ? "0 2147483647" : gid + " " + gid;
  CHECK(in_shard_of_host_with({{"ipv4/ping_group_range", range}}, "cat ipv4/ping_group_range") == as_given);
}

TEST_CASE("IPv6 that the host has switched off is off in the shard") {
  if (::access("/proc/sys/net/ipv6", F_OK) != 0) return;
  const std::string show =
      "cat ipv6/conf/all/disable_ipv6 ipv6/conf/lo/disable_ipv6; wc -l < /proc/net/if_inet6";
  CHECK(in_shard_of_host_with({}, show) == "0\n0\n1\n");
  CHECK(in_shard_of_host_with({{"ipv6/conf/all/disable_ipv6", "1"}}, show) == "1\n1\n0\n");
  CHECK(in_shard_of_host_with({{"ipv6/conf/lo/disable_ipv6", "1"}}, show) == "0\n1\n0\n");
  CHECK(in_shard_of_host_with({{"ipv6/conf/all/disable_ipv6", "1"}, {"ipv6/conf/lo/disable_ipv6", "0"}},
                              show) == "1\n0\n1\n");
  CHECK(in_shard_of_host_with({{"ipv6/bindv6only", "1"}}, "cat ipv6/bindv6only") == "1\n");
}

TEST_CASE("a setting that the kernel refuses is named under -v only") {
  // A root shard's settings go through a user namespace here, which maps one group.
  if (::geteuid() != 0) return;
  const Settings settings = {{"ipv4/ping_group_range", "5000 6000"}};
  const auto script =
      "setpriv --reuid 4000 --regid 4000 --clear-groups " + nslaunch({}).front() + " -v -- true";
  const auto verbose = in_shard_of_host_with(settings, script, {"--tmp", "host"});
  CHECK_THAT(verbose, Contains("the kernel refuses net/ipv4/ping_group_range"));
}

TEST_CASE("an unprivileged shard may ping where the host lets every group") {
  if (::geteuid() != 0) return;
  const auto script =
      "mkdir -m 1777 /tmp/state; NSLAUNCH_STATE_DIR=/tmp/state/of-4000 "
      "setpriv --reuid 4000 --regid 4001 --clear-groups " +
      nslaunch({}).front() + " -- cat /proc/sys/net/ipv4/ping_group_range";
  const auto seen = in_shard_of_host_with({{"ipv4/ping_group_range", "0 2147483647"}}, script);
  CHECK_THAT(seen, Contains("4001\t4001\n"));
}

}  // namespace nslaunch::test
