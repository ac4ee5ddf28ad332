#include "shard/explain_advice.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

#include "shard/explain_overlay.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"

namespace nslaunch::shard {
namespace {

bool setting_is(const char* path, const char* value) {
  const auto content = sys::read_file(path);
  return content && content->starts_with(value) && content->size() == std::string(value).size() + 1;
}

/// Whether "/" is a mount point; true where that can't be seen.
bool root_is_a_mount() {
  std::istringstream lines(sys::read_file("/proc/self/mountinfo", 16 << 20).value_or("0 0 0 / / rw"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string field;
    for (int skipped = 0; skipped < 5; ++skipped) fields >> field;
    if (field == "/") return true;
  }
  return false;
}

bool in_chroot() {
  if (!root_is_a_mount()) return true;
  struct stat own = {};
  struct stat first = {};
  return ::stat("/", &own) == 0 && ::stat("/proc/1/root/.", &first) == 0 &&
         (own.st_ino != first.st_ino || own.st_dev != first.st_dev);
}

constexpr const char* kAllowInContainer =
    "In a container: start it with --privileged, or with --cap-add SYS_ADMIN --cap-add NET_ADMIN and "
    "--security-opt seccomp=unconfined.";

constexpr const char* kRootMapNeeds =
    "Root needs CAP_SETFCAP to map itself into a user namespace (Linux 5.12 and later).\n"
    "Grant it (in a container: --cap-add SETFCAP), or run nslaunch as an ordinary user.";

constexpr const char* kCaptureNeeds =
    "It needs CAP_NET_RAW (in a container: --cap-add NET_RAW) and a kernel and seccomp filter with packet "
    "sockets.\nGrant these, or leave out --pcap.";

/// A user namespace that could be made but is good for nothing: AppArmor's restriction.
std::string advice_on_powerless_user_namespace() {
  if (setting_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1")) {
    return "This machine gives unprivileged user namespaces no rights "
           "(kernel.apparmor_restrict_unprivileged_userns=1).\n"
           "Allow them: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0; or run nslaunch as "
           "root.";
  }
  return kAllowInContainer;
}

std::string advice_on_refused_clone() {
  if (setting_is("/proc/sys/kernel/unprivileged_userns_clone", "0")) {
    return "This machine allows no unprivileged user namespaces (kernel.unprivileged_userns_clone=0).\n"
           "Allow them: sudo sysctl -w kernel.unprivileged_userns_clone=1; or run nslaunch as root.";
  }
  if (in_chroot())
    return "The kernel allows no user namespace in a chroot: run nslaunch outside it, or as root.";
  return kAllowInContainer;
}

std::string advice_on_exhausted_limit() {
  for (const char* kind : {"user", "net", "pid", "mnt", "ipc", "uts"}) {
    const std::string path = fmt::format("/proc/sys/user/max_{}_namespaces", kind);
    if (setting_is(path.c_str(), "0")) {
      return fmt::format(
          "This machine allows no {0} namespaces (user.max_{0}_namespaces=0).\n"
          "Allow them: sudo sysctl -w user.max_{0}_namespaces=10000",
          kind);
    }
  }
  return "A namespace limit is used up (user.max_*_namespaces), or namespaces are nested too deep (32 "
         "levels).\n"
         "See how many there are: lsns | wc -l; raise it: sudo sysctl -w user.max_net_namespaces=100000";
}

bool makes_namespaces(Step step) {
  return step == Step::kClone || step == Step::kNamespaces || step == Step::kUserNamespace;
}

}  // namespace

std::string advice_on(const Plan& plan, const Message& failure) {
  if (failure.domain == Domain::kNetlink) return advice_on_powerless_user_namespace();
  if (failure.step == Step::kOverlay) {
    if (auto text = advice_on_overlay(plan, failure); !text.empty()) return text;
  }
  switch (failure.code) {
    case ENOSPC:
      if (makes_namespaces(failure.step)) return advice_on_exhausted_limit();
      return "There is no space left where nslaunch writes.";
    case EAGAIN:
      return "The limit on processes is reached: see ulimit -u.";
    case ENOENT:
      if (failure.step == Step::kPropagation) return "There is no /proc here to mount one on: mkdir /proc";
      if (failure.step == Step::kMapIds) return "There is no /proc here: mount -t proc proc /proc";
      if (failure.step == Step::kTmp)
        return "There is no /tmp here to mount one on: mkdir /tmp; or: --tmp host";
      return {};
    case EADDRNOTAVAIL:
      if (failure.step == Step::kReach)
        return "A shard has the addresses 127.0.0.0/8 and ::1, and no others.";
      return {};
    case EADDRINUSE:
      if (failure.step == Step::kReach) return "Two --reach ask for it, perhaps?";
      return {};
    case EMFILE:
      return "The limit on open descriptors is reached: see ulimit -n.";
    case ENOMEM:
      return "The machine is out of memory.";
    case EAFNOSUPPORT:
      return failure.step == Step::kCapture ? kCaptureNeeds : std::string();
    case EINVAL:
      if (makes_namespaces(failure.step) && failure.step != Step::kUserNamespace)
        return "This kernel lacks one of the namespaces (net, pid, mnt, ipc, user).";
      return {};
    case EPERM:
    case EACCES:
      // Those of a user namespace that could be made.
      if (failure.step == Step::kNamespaces && plan.rung == Rung::kRootless)
        return advice_on_powerless_user_namespace();
      if (makes_namespaces(failure.step)) return advice_on_refused_clone();
      if (failure.step == Step::kMapIds && ::geteuid() == 0) return kRootMapNeeds;
      if (failure.step == Step::kCapture) return kCaptureNeeds;
      if (failure.step == Step::kProc) {  // K10
        return "Something is mounted over parts of /proc (a container's masked paths).\n"
               "Leave out --require-proc to go on with the outer /proc, or start the container with "
               "--security-opt systempaths=unconfined.";
      }
      if (failure.step < Step::kPlace && plan.rung != Rung::kPrivileged)
        return advice_on_powerless_user_namespace();
      return {};
    default:
      return {};
  }
}

}  // namespace nslaunch::shard
