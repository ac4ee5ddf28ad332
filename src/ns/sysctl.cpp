#include "ns/sysctl.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::ns {
namespace {

struct Default {
  const char* path;
  const char* fresh;
};

// Values of a fresh network namespace on kernel 6.18, measured. If another kernel starts with another value,
// a setting is copied needlessly: harmless.
constexpr Default kDefaults[] = {
    {"core/somaxconn", "4096"},
    {"ipv4/ip_default_ttl", "64"},
    {"ipv4/ip_local_port_range", "32768\t60999"},
    {"ipv4/ip_local_reserved_ports", ""},
    {"ipv4/ip_nonlocal_bind", "0"},
    {"ipv4/ping_group_range", "1\t0"},
    {"ipv4/tcp_abort_on_overflow", "0"},
    {"ipv4/tcp_fastopen", "1"},
    {"ipv4/tcp_fin_timeout", "60"},
    {"ipv4/tcp_keepalive_intvl", "75"},
    {"ipv4/tcp_keepalive_probes", "9"},
    {"ipv4/tcp_keepalive_time", "7200"},
    {"ipv4/tcp_max_syn_backlog", "2048"},
    {"ipv4/tcp_orphan_retries", "0"},
    {"ipv4/tcp_retries2", "15"},
    {"ipv4/tcp_slow_start_after_idle", "1"},
    {"ipv4/tcp_syn_retries", "6"},
    {"ipv4/tcp_synack_retries", "5"},
    {"ipv4/tcp_syncookies", "1"},
    {"ipv4/tcp_timestamps", "1"},
    {"ipv4/tcp_tw_reuse", "2"},
    {"ipv6/bindv6only", "0"},
    {"ipv6/conf/all/disable_ipv6", "0"},
    {"ipv6/conf/default/disable_ipv6", "0"},
    {"ipv6/conf/lo/disable_ipv6", "0"},
    {"unix/max_dgram_qlen", "10"},
};

constexpr std::string_view kIpv6OnAll = "ipv6/conf/all/disable_ipv6";
constexpr std::string_view kIpv6OnLoopback = "ipv6/conf/lo/disable_ipv6";
constexpr const char* kPingGroups = "ipv4/ping_group_range";

std::string own_group_range() {
  const auto group = static_cast<unsigned>(::getegid());
  return fmt::format("{} {}", group, group);
}

bool covers_own_group(std::string_view range) {
  const auto low = sys::take_number<gid_t>(range);
  const auto high = sys::take_number<gid_t>(range);
  return low && high && *low <= ::getegid() && ::getegid() <= *high;
}

}  // namespace

std::vector<Sysctl> changed_sysctls() {
  std::vector<Sysctl> changed;
  const sys::Fd directory(::open("/proc/sys/net", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return changed;
  bool disabled_everywhere = false;
  for (const auto& [path, fresh] : kDefaults) {
    auto value = sys::read_setting_at(directory.get(), path);
    if (!value) continue;  // not on this kernel
    const bool differs = *value != fresh;
    // Writing "all" sets every interface too; lo's own value is written after it.
    const bool overwritten = disabled_everywhere && path == kIpv6OnLoopback;
    if (path == kIpv6OnAll) disabled_everywhere = differs;
    if (differs || overwritten) changed.push_back({path, std::move(*value)});
  }
  return changed;
}

std::vector<std::string> apply_sysctls(const std::vector<Sysctl>& sysctls) {
  std::vector<std::string> refused;
  const sys::Fd directory(::open("/proc/sys/net", O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct statvfs filesystem = {};
  sys::check(::fstatvfs(directory.get(), &filesystem), "looking at /proc/sys/net");
  if ((filesystem.f_flag & ST_RDONLY) != 0) throw Error(sys::errno_code(EROFS), "writing to /proc/sys/net");
  for (const auto& [path, value] : sysctls) {
    int error = sys::write_file_at(directory.get(), path.c_str(), value);
    if (error == EINVAL && path == kPingGroups && covers_own_group(value)) {
      // Every group of the range must be mapped here (net/ipv4/ping.c); our own one always is.
      error = sys::write_file_at(directory.get(), kPingGroups, own_group_range());
    }
    if (error != 0)
      refused.push_back(fmt::format("net/{} = {} ({})", path, value, sys::errno_code(error).message()));
  }
  return refused;
}

void open_low_ports() {
  const int error = sys::write_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
  if (error != 0) throw Error(sys::errno_code(error), "opening ports below 1024 to every user");
}

void choose_pid_base() {
  // The namespace's own limit (kernel 6.14 and later) or the machine's.
  const auto limit =
      sys::leading_number(sys::read_setting_at(AT_FDCWD, "/proc/sys/kernel/pid_max").value_or(""))
          .value_or(32768);
  constexpr std::uint64_t kLowest = 1000;
  // The last quarter stays free, so that a shard rarely wraps around.
  const std::uint64_t room = std::max(limit / 4 * 3, kLowest + 1) - kLowest;
  unsigned random = 0;
  sys::check(::getrandom(&random, sizeof random, 0), "choosing a base for the shard's pids");
  const int error = sys::write_file("/proc/sys/kernel/ns_last_pid", std::to_string(kLowest + random % room));
  if (error != 0) throw Error(sys::errno_code(error), "choosing a base for the shard's pids");
}

}  // namespace nslaunch::ns
