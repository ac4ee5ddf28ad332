#include "shard/diagnose/cause_texts.hpp"

#include <algorithm>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::shard {
namespace {

std::string some_of(const std::vector<std::string>& paths) {
  constexpr std::size_t kShown = 2;
  std::string text = sys::escape(fmt::format(
      "{}",
      fmt::join(paths.begin(), paths.begin() + static_cast<long>(std::min(paths.size(), kShown)), ", ")));
  if (paths.size() > kShown) text += fmt::format(" and {} more", paths.size() - kShown);
  return text;
}

}  // namespace

Cause exhausted_processes(const FailureCase& c) {
  const auto& group = c.machine.reached_pids_max;
  const auto limit = group.empty() ? fmt::format("ulimit -u is {}", c.machine.process_limit)
                                   : fmt::format("{} of the control group", sys::escape(group));
  return {Layer::kLimit, fmt::format("the limit on processes is reached ({})", limit),
          by_more_processes(c.machine)};
}

Cause forbidden_namespaces(const FailureCase& c) {
  const auto& kind = c.machine.forbidden_namespaces.front();
  return {Layer::kSysctl,
          fmt::format("this machine allows no {0} namespaces (user.max_{0}_namespaces=0)", kind),
          by_sysctl(c.machine, fmt::format("user.max_{}_namespaces=10000", kind))};
}

Cause exhausted_namespaces(const FailureCase& c) {
  auto remedies = by_sysctl(c.machine, "user.max_net_namespaces=100000");
  remedies.insert(remedies.begin() + 1, {"see how many there are", "lsns | wc -l"});
  return {Layer::kLimit,
          "a limit on namespaces is used up (user.max_*_namespaces), or they are nested too deep (32 levels)",
          std::move(remedies)};
}

/// K41.
Cause orphaned_children(const FailureCase&) {
  return {Layer::kLimit,
          "this process is to start others in a PID namespace that it is not in itself, or that has ended",
          {{"where that was made", "unshare --pid --fork ..."}}};
}

Cause unknown_namespaces(const FailureCase& c) {
  const auto& unknown = c.machine.unknown_namespaces;
  const auto which = unknown.empty() ? std::string("one of the namespaces: net, pid, mnt, ipc, user")
                                     : fmt::format("namespaces of the kind {}", fmt::join(unknown, ", "));
  return {Layer::kKernel, fmt::format("this kernel ({}) lacks {}", sys::escape(c.machine.kernel), which)};
}

Cause old_kernel(const FailureCase& c) {
  return {Layer::kKernel, fmt::format("this kernel ({}) is too old: nslaunch needs Linux 5.3 or later",
                                      sys::escape(c.machine.kernel))};
}

Cause chroot(const FailureCase&) {
  return {Layer::kChroot,
          "the kernel allows no user namespace in a chroot",
          {{"outside it, or as root", "sudo nslaunch ..."}}};
}

Cause unmapped_ids(const FailureCase&) {
  return {Layer::kIds,
          "our own user or group has no number in this user namespace (/proc/self/uid_map, gid_map)",
          {{"where that was made", "unshare --map-current-user ..."}}};
}

Cause forbidden_user_namespaces(const FailureCase& c) {
  return {Layer::kSysctl,
          "this machine allows no unprivileged user namespaces (kernel.unprivileged_userns_clone=0)",
          by_sysctl(c.machine, "kernel.unprivileged_userns_clone=1")};
}

Cause powerless_user_namespace(const FailureCase& c) {
  return {Layer::kAppArmor,
          "it gives unprivileged user namespaces no rights "
          "(kernel.apparmor_restrict_unprivileged_userns=1)",
          with_user_namespaces_by_apparmor(c.machine)};
}

Cause confining_profile(const FailureCase& c) {
  return {Layer::kAppArmor,
          fmt::format("its profile {} forbids it (/proc/self/attr/current)",
                      sys::escape(c.machine.apparmor_profile)),
          without_profile(c.machine)};
}

Cause seccomp_filter(const FailureCase& c) {
  return {Layer::kSeccomp, "a filter forbids it (Seccomp: 2 in /proc/self/status)",
          without_filter(c.machine)};
}

Cause some_security_module(const FailureCase& c) {
  return {Layer::kSecurityModule, "something forbids it, SELinux perhaps (see dmesg)",
          without_profile(c.machine)};
}

/// Nothing that we can see explains it.
Cause refused_by_nobody_seen(const FailureCase& c) {
  return {Layer::kUnknown, "something forbids it that can't be seen from here", without_filter(c.machine)};
}

Cause unseen_without_proc(const FailureCase&) {
  return {Layer::kFiles,
          "there is no /proc here, from which it could be told what forbids it (a chroot, for one, does)",
          {{"mount it and look again", "mount -t proc proc /proc"}}};
}

Cause no_setfcap(const FailureCase& c) {
  auto remedies = with_capability(c.machine, "SETFCAP");
  remedies.push_back(
      {"as an ordinary user", "setpriv --reuid=1000 --regid=1000 --clear-groups nslaunch ..."});
  return {Layer::kCapabilities,
          "root needs CAP_SETFCAP to map itself into a user namespace (Linux 5.12 and later)",
          std::move(remedies)};
}

Cause masked_proc(const FailureCase& c) {
  auto sentence = fmt::format("something is mounted over parts of /proc ({}), which a fresh one would show",
                              some_of(c.machine.covered_in_proc));
  if (c.plan.spec.require_proc) sentence += "; without --require-proc the outer one stays";
  return {Layer::kMaskedProc, std::move(sentence), with_whole_proc(c.machine)};
}

Cause read_only_proc(const FailureCase& c) {
  return {Layer::kReadOnlyProc, "/proc/sys is mounted read-only", with_whole_proc(c.machine)};
}

Cause filtered_capture(const FailureCase& c) {
  return {
      Layer::kSeccomp,
      "a filter forbids packet sockets (Seccomp: 2 in /proc/self/status): allow them, or leave out --pcap",
      without_filter(c.machine)};
}

Cause capture_needs(const FailureCase& c) {
  return {Layer::kCapabilities, "it needs CAP_NET_RAW, and packet sockets in the kernel: or leave out --pcap",
          with_capability(c.machine, "NET_RAW")};
}

Cause exhausted_descriptors(const FailureCase&) {
  return {Layer::kLimit,
          "the limit on open descriptors is reached (ulimit -n)",
          {{"in this shell", "ulimit -n 1024"}}};
}

/// K48.
Cause descriptors_left_unread(const FailureCase& c) {
  Remedies remedies = {
      {"see whose they are, to end or mend it", "grep -s 'scm_fds:.[1-9]' /proc/[0-9]*/fdinfo/*"}};
  if (c.machine.descriptor_limit_can_rise)
    remedies.insert(remedies.begin(), {"in this shell", "ulimit -n $(ulimit -Hn)"});
  return {Layer::kLimit,
          "a program of this user's leaves more descriptors unread that were sent to it through sockets than "
          "one process may have open (ulimit -n)",
          std::move(remedies)};
}

Cause exhausted_memory(const FailureCase&) {
  return {Layer::kLimit, "the machine is out of memory"};
}

Cause no_directory_for_proc(const FailureCase&) {
  return {Layer::kFiles, "there is no /proc here to mount one on", {{"make it", "mkdir /proc"}}};
}

Cause no_proc(const FailureCase&) {
  return {Layer::kFiles, "there is no /proc here", {{"mount it", "mount -t proc proc /proc"}}};
}

Cause no_tmp(const FailureCase&) {
  return {
      Layer::kFiles, "there is no /tmp here to mount one on", {{"make it, or say --tmp host", "mkdir /tmp"}}};
}

Cause no_pid_base(const FailureCase&) {
  return {Layer::kKernel, "it was built without CONFIG_CHECKPOINT_RESTORE"};
}

Cause no_file_system(const FailureCase&) {
  return {Layer::kKernel, "it was built without such a file system"};
}

Cause no_such_address(const FailureCase&) {
  return {Layer::kFiles, "a shard has the addresses 127.0.0.0/8 and ::1, and no others"};
}

Cause address_in_use(const FailureCase&) {
  return {Layer::kFiles, "two --reach ask for it, perhaps"};
}

Cause exchanged_directory(const FailureCase&) {
  return {Layer::kFiles,
          "somebody has put something else there since nslaunch looked at it; nothing has run"};
}

Cause closed_to_command(const FailureCase&) {
  return {Layer::kFiles,
          "it is no directory of the command's user, nor can that user make it, and where a link may have "
          "led root "
          "neither makes nor covers one",
          {{"name a directory of that user's, or one in such a directory", ""}}};
}

Cause full_disk(const FailureCase&) {
  return {Layer::kFiles, "there is no space left where nslaunch writes"};
}

}  // namespace nslaunch::shard
