#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shard/diagnose/place.hpp"

namespace nslaunch::shard {

/// The state of the machine that can explain a failure.
struct Evidence {
  Place place = Place::kMachine;
  bool is_root = false;
  /// The effective set, by number.
  std::uint64_t capabilities = ~std::uint64_t{0};
  /// Without a /proc, little of the following can be determined.
  bool has_proc = true;
  /// A seccomp filter is on ("Seccomp: 2" in /proc/self/status).
  bool seccomp = false;
  /// The AppArmor profile that confines us, empty for none.
  std::string apparmor_profile{};
  /// kernel.apparmor_restrict_unprivileged_userns=1: user namespaces can be made but give no privileges.
  bool restricts_user_namespaces = false;
  /// kernel.unprivileged_userns_clone=0.
  bool forbids_user_namespaces = false;
  /// Those whose user.max_KIND_namespaces is 0.
  std::vector<std::string> forbidden_namespaces{};
  /// Those that the kernel was built without.
  std::vector<std::string> unknown_namespaces{};
  bool in_chroot = false;
  /// Our own user and group have a number in this user namespace.
  bool ids_are_mapped = true;
  /// The machine's own user namespace: there root may mount what reveals something hidden.
  bool in_first_user_namespace = true;
  /// Our children start in a PID namespace that we are not in (unshare --pid without --fork).
  bool children_live_elsewhere = false;
  /// The paths in /proc that a mount covers.
  std::vector<std::string> covered_in_proc{};
  bool proc_sys_is_read_only = false;
  /// ulimit -n is below ulimit -Hn.
  bool descriptor_limit_can_rise = true;
  /// ulimit -u, and the file of a control group whose limit on processes is reached, empty for none.
  std::string process_limit{"unlimited"};
  std::string reached_pids_max{};
  /// "6.18.44"
  std::string kernel{};
  int kernel_major = 6;
  int kernel_minor = 0;

  bool has(int capability) const noexcept { return (capabilities >> capability & 1U) != 0; }
  bool is_before(int major, int minor) const noexcept {
    return kernel_major < major || (kernel_major == major && kernel_minor < minor);
  }
};

/// Reads the current state: to be called right after a failure.
Evidence read_evidence();

}  // namespace nslaunch::shard
