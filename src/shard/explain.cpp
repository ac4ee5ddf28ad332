#include "shard/explain.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "ns/endpoint.hpp"
#include "ns/netlink_error.hpp"
#include "shard/explain_overlay.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {
namespace {

std::error_code code_of(const Message& failure) {
  if (failure.domain == Domain::kNetlink) return {failure.code, ns::netlink_category()};
  return sys::errno_code(failure.code);
}

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

std::string advice(const Plan& plan, const Message& failure) {
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

/// The path, or address, that the step was busy with, where it has several.
std::string subject(const Plan& plan, const Message& failure) {
  const auto at = static_cast<std::size_t>(failure.detail);
  if (failure.step == Step::kKeep && at < plan.kept.size())
    return " (" + sys::escape(plan.kept[at].path) + ")";
  if (failure.step == Step::kOverlay && at < plan.spec.overlays.size()) {
    return " (" + sys::escape(plan.spec.overlays[at].path) + ")";
  }
  if (failure.step == Step::kPrivate && at < plan.private_paths.size()) {
    return " (" + sys::escape(plan.private_paths[at]) + ")";
  }
  if (failure.step == Step::kReach && at < plan.spec.reach.size()) {
    const auto& service = plan.spec.reach[at];
    return fmt::format(" ({})", ns::endpoint_name(service.shard_address, service.shard_port));
  }
  if (failure.step == Step::kWorkdir) return " " + sys::escape(plan.working_directory);
  return {};
}

/// K12. Init watches the overlays and then the private folders.
Error explain_lost_mount(const Plan& plan, std::size_t at) {
  const auto& overlays = plan.spec.overlays;
  const bool is_overlay = at < overlays.size();
  const auto& path = is_overlay ? overlays[at].path : plan.private_paths.at(at - overlays.size());
  return {{},
          fmt::format("somebody outside has removed {}, which {} had covered", sys::escape(path),
                      is_overlay ? "--overlay" : "--private"),
          "The shard was ended, so that its command would not go on with the host's files there."};
}

}  // namespace

CommandError explain_command(const std::string& command, const std::string& folder, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  const std::string shown = sys::escape(command);
  if (!missing) return {sys::errno_code(error), fmt::format("running {}", shown), 126};
  if (command.find('/') == std::string::npos) return {{}, fmt::format("{}: command not found", shown), 127};
  const auto path = std::filesystem::path(folder) / command;
  if (::access(path.c_str(), F_OK) == 0) {
    return {{}, fmt::format("{}: the interpreter that its first line names does not exist", shown), 127};
  }
  return {sys::errno_code(error), fmt::format("running {}", shown), 127};
}

Error explain(const Plan& plan, const Message& failure) {
  return {code_of(failure), row(failure.step).doing + subject(plan, failure), advice(plan, failure)};
}

void throw_failure(const Plan& plan, const Message& failure) {
  if (failure.kind == Kind::kMountLost)
    throw explain_lost_mount(plan, static_cast<std::size_t>(failure.detail));
  if (failure.kind != Kind::kFailed) throw Error({}, "the shard's init said something unexpected");
  if (failure.step == Step::kExec) {
    throw explain_command(plan.spec.command.front(), plan.working_directory, failure.code);
  }
  throw explain(plan, failure);
}

std::string explain_missing(const Message& missing) {
  const auto& about = row(missing.step);
  return fmt::format("{} was refused ({}): going on without it; --require-proc makes this an error",
                     about.doing, code_of(missing).message());
}

std::string explain_held_up(const std::string& culprit) {
  return fmt::format(
      "the shard has not ended within 5 s: {}\n"
      "its record stays until it has: nslaunch list, nslaunch reap",
      sys::escape(culprit));
}

std::string explain_rung(Rung rung) {
  switch (rung) {
    case Rung::kPrivileged:
      return "with CAP_SYS_ADMIN and CAP_NET_ADMIN: no user namespace";
    case Rung::kSplit:
      return "without CAP_NET_ADMIN: a user namespace for the network";
    default:
      return "without CAP_SYS_ADMIN: a user namespace for everything";
  }
}

KilledInit explain_killed_init(const Outcome& outcome, int signal) {
  constexpr auto kCause = "Somebody outside sent it, or the machine ran out of memory (see dmesg). {}";
  if (outcome.all_gone) {
    return {signal,
            fmt::format("the shard's init was killed while the command ran ({})", sys::signal_name(signal)),
            fmt::format(kCause, "Every process of the shard is gone.")};
  }
  return {signal,
          fmt::format(
              "the shard's init was killed while the command ran, and the shard has not ended within 5 s: {}",
              sys::escape(outcome.culprit)),
          fmt::format(kCause, "Its record stays until it has: nslaunch list, nslaunch reap")};
}

}  // namespace nslaunch::shard
