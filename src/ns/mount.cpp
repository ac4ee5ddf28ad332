#include "ns/mount.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/files/mountinfo.hpp"

namespace nslaunch::ns {
namespace {

constexpr unsigned kOfTmpfs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr long kMqueueMagic = 0x19800202;  // ipc/mqueue.c

int make_slave(const char* path) {
  return ::mount(nullptr, path, nullptr, MS_REC | MS_SLAVE, nullptr);
}

bool same_inode(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// Climbs from the working directory to the top of the mount namespace, past our own root.
void climb_to_real_root() {
  struct stat here = {};
  struct stat above = {};
  do {
    sys::check(::stat(".", &here), "looking at the directory above a chroot");
    sys::check(::chdir(".."), "leaving a chroot");
    sys::check(::stat(".", &above), "looking at the directory above a chroot");
  } while (!same_inode(here, above));
}

/// K17: in a chroot "/" is no mount point, so it has no propagation to change and mounts below it would show
/// outside. The real root is reached in the way open to every root user in a chroot: move the root below the
/// working directory, climb, and come back.
void make_slave_from_chroot() {
  const auto root = sys::open_file("/", O_PATH | O_DIRECTORY);
  const auto directory = sys::open_file(".", O_PATH | O_DIRECTORY);
  sys::check(::chroot("/proc"), "leaving a chroot");
  sys::check(::fchdir(root.get()), "leaving a chroot");
  climb_to_real_root();
  const int result = make_slave(".");
  const int saved = errno;
  sys::check(::fchdir(root.get()), "returning to a chroot");
  sys::check(::chroot("."), "returning to a chroot");
  sys::check(::fchdir(directory.get()), "returning to the working directory");
  errno = saved;
  sys::check(result, "making mounts private from within a chroot");
}

/// The hidepid= and gid= options of the existing /proc.
std::string who_sees_what() {
  const auto mounts = sys::mounts_here();
  const auto is_proc = [](const sys::MountLine& mount) {
    return mount.path == "/proc" && mount.type == "proc";
  };
  const auto proc = std::find_if(mounts.rbegin(), mounts.rend(), is_proc);
  if (proc == mounts.rend()) return {};
  std::string found;
  std::istringstream options(proc->super_options);
  for (std::string option; std::getline(options, option, ',');) {
    if (option.starts_with("hidepid=") || option.starts_with("gid="))
      found += (found.empty() ? "" : ",") + option;
  }
  return found;
}

}  // namespace

void stop_mount_propagation() {
  if (make_slave("/") == 0) return;
  if (errno != EINVAL) sys::check(-1, "making mounts private");
  make_slave_from_chroot();
}

void mount_proc(bool hides) {
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  const auto options = hides ? who_sees_what() : std::string();
  sys::check(::mount("proc", "/proc", "proc", kFlags, options.c_str()), "mounting /proc");
}

void mount_tmpfs(const std::string& target, unsigned mode, std::uint64_t size) {
  std::string options = fmt::format("mode={:o}", mode);
  if (size != 0) options += fmt::format(",size={}", size);
  sys::check(::mount("nslaunch", target.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()),
             "mounting a private {}", target);
}

sys::Fd make_mount(const char* type, const MountOptions& options, unsigned attributes) {
  const sys::Fd made(sys::check(::fsopen(type, FSOPEN_CLOEXEC), "asking for a file system ({})", type));
  const auto configure = [&](unsigned command, const char* name, const char* value) {
    sys::check(::fsconfig(made.get(), command, name, value, 0), "mounting a file system ({})", type);
  };
  configure(FSCONFIG_SET_STRING, "source", "nslaunch");
  for (const auto& [name, value] : options) {
    const bool is_switch = value.empty();
    configure(is_switch ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, name.c_str(),
              is_switch ? nullptr : value.c_str());
  }
  configure(FSCONFIG_CMD_CREATE, nullptr, nullptr);
  return sys::Fd(sys::check(::fsmount(made.get(), FSMOUNT_CLOEXEC, attributes), "mounting a file system"));
}

sys::Fd make_tmpfs_alike(const sys::Directory& directory) {
  const auto status = directory.status();
  MountOptions options{{"mode", fmt::format("{:o}", status.st_mode & 07777U)},
                       {"uid", std::to_string(status.st_uid)},
                       {"gid", std::to_string(status.st_gid)}};
  // With its owner from the start; an id that is not mapped here is refused (EINVAL).
  for (const char* id : {"gid", "uid"}) {
    try {
      return make_mount("tmpfs", options, kOfTmpfs);
    } catch (const Error& error) {
      if (error.code().value() != EINVAL) throw;
    }
    options.erase(id);
  }
  return make_mount("tmpfs", options, kOfTmpfs);
}

void attach(int mount, const sys::Directory& target) {
  constexpr unsigned kByDescriptor = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  sys::check(::move_mount(mount, "", target.fd(), "", kByDescriptor), "mounting over a directory");
}

void bind(int source, int target) {
  // mount(2) on the descriptors' own paths: their original names lead elsewhere by now (K8).
  const auto from = sys::descriptor_path(source);
  const auto to = sys::descriptor_path(target);
  sys::check(::mount(from.c_str(), to.c_str(), nullptr, MS_BIND | MS_REC, nullptr), "binding a path");
}

bool has_mqueue() noexcept {
  struct statfs filesystem = {};
  return ::statfs("/dev/mqueue", &filesystem) == 0 && filesystem.f_type == kMqueueMagic;
}

void mount_mqueue() {
  if (!has_mqueue()) return;
  sys::check(::mount("mqueue", "/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr),
             "mounting a private /dev/mqueue");
}

}  // namespace nslaunch::ns
