#include "shard/diagnose/evidence.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "inspect/snapshot/mounts.hpp"
#include "ns/capabilities.hpp"
#include "ns/cgroup.hpp"
#include "ns/idmap.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::shard {
namespace {

constexpr const char* kKinds[] = {"user", "pid", "net", "mnt", "ipc", "uts"};

bool setting_is(const std::string& path, std::string_view value) {
  const auto content = sys::read_file(path.c_str());
  return content && content->starts_with(value) && content->substr(value.size()) == "\n";
}

/// A field of /proc/self/status, whichever PID namespace this /proc belongs to.
std::string status_of_ours(const std::string& name) {
  std::istringstream lines(sys::read_file("/proc/self/status").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  }
  return {};
}

bool shows_another_root() {
  struct stat own = {};
  struct stat first = {};
  return ::stat("/", &own) == 0 && ::stat("/proc/1/root/.", &first) == 0 &&
         (own.st_ino != first.st_ino || own.st_dev != first.st_dev);
}

bool is_in_chroot(const std::vector<std::string>& mounts) {
  const bool can_be_told = !mounts.empty();
  const bool root_is_a_mount = std::find(mounts.begin(), mounts.end(), "/") != mounts.end();
  return can_be_told && (!root_is_a_mount || shows_another_root());
}

/// The kernel has empty directories in /proc that serve as mount points: mounts on these hide nothing.
std::vector<std::string> covered_in_proc(const std::vector<std::string>& mounts) {
  std::vector<std::string> covered;
  for (const auto& mount : mounts) {
    const bool hides = mount != "/proc/sys/fs/binfmt_misc" && mount != "/proc/fs/nfsd";
    if (mount.starts_with("/proc/") && hides) covered.push_back(mount);
  }
  return covered;
}

bool is_read_only(const char* path) {
  struct statvfs status = {};
  return ::statvfs(path, &status) == 0 && (status.f_flag & ST_RDONLY) != 0;
}

/// "docker-default" for "docker-default (enforce)"; SELinux's labels have no mode.
std::string confining_profile() {
  const auto label = sys::read_file("/proc/self/attr/current").value_or("");
  const auto mode = label.find(" (enforce)");
  return mode == std::string::npos ? "" : label.substr(0, mode);
}

bool has_number_of_ours(const char* map, unsigned id) {
  const auto text = sys::read_file(map);
  return !text || ns::has_id(ns::parse_id_ranges(*text), id);
}

std::string process_limit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NPROC, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return "unlimited";
  return std::to_string(limit.rlim_cur);
}

bool descriptor_limit_can_rise() {
  rlimit limit = {};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max;
}

void read_kernel(Evidence& evidence) {
  utsname kernel = {};
  if (::uname(&kernel) != 0) return;
  evidence.kernel = kernel.release;
  std::sscanf(kernel.release, "%d.%d", &evidence.kernel_major, &evidence.kernel_minor);
}

void read_namespaces(Evidence& evidence) {
  for (const std::string kind : kKinds) {
    if (setting_is(fmt::format("/proc/sys/user/max_{}_namespaces", kind), "0"))
      evidence.forbidden_namespaces.push_back(kind);
    if (::access("/proc/self/ns", F_OK) == 0 && ::access(("/proc/self/ns/" + kind).c_str(), F_OK) != 0)
      evidence.unknown_namespaces.push_back(kind);
  }
  const auto own = sys::namespace_inode(0, "pid");
  const auto of_children = sys::namespace_inode(0, "pid_for_children");
  // A PID namespace that has no first process yet is not visible.
  evidence.children_live_elsewhere = own != 0 && of_children != own;
}

}  // namespace

Evidence read_evidence() {
  Evidence evidence;
  const auto mounts = inspect::mount_points();
  evidence.place = place_by(read_place_signs());
  evidence.is_root = ::geteuid() == 0;
  evidence.capabilities = ns::effective_set();
  evidence.has_proc = ::access("/proc/self/status", F_OK) == 0;
  evidence.seccomp = status_of_ours("Seccomp") == "2";
  evidence.apparmor_profile = confining_profile();
  evidence.restricts_user_namespaces =
      setting_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1");
  evidence.forbids_user_namespaces = setting_is("/proc/sys/kernel/unprivileged_userns_clone", "0");
  read_namespaces(evidence);
  evidence.in_chroot = is_in_chroot(mounts);
  evidence.ids_are_mapped = has_number_of_ours("/proc/self/uid_map", ::geteuid()) &&
                            has_number_of_ours("/proc/self/gid_map", ::getegid());
  evidence.in_first_user_namespace =
      ns::is_whole(ns::parse_id_ranges(sys::read_file("/proc/self/uid_map").value_or("0 0 4294967295")));
  evidence.covered_in_proc = covered_in_proc(mounts);
  evidence.proc_sys_is_read_only = is_read_only("/proc/sys");
  evidence.descriptor_limit_can_rise = descriptor_limit_can_rise();
  evidence.process_limit = process_limit();
  evidence.reached_pids_max = ns::reached_pids_max();
  read_kernel(evidence);
  return evidence;
}

}  // namespace nslaunch::shard
