#pragma once

#include <sys/resource.h>
#include <nslaunch/spec.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ns/cgroup.hpp"
#include "ns/idmap.hpp"
#include "ns/sysctl.hpp"
#include "shard/plan/work_directory.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/signals.hpp"
#include "sys/files/directory.hpp"

namespace nslaunch::shard {

/// The privilege available to build the shard (docs/architecture.md, "How much isolation").
enum class PrivilegeMode {
  kPrivileged,  ///< CAP_SYS_ADMIN and CAP_NET_ADMIN: no user namespace
  kSplit,       ///< CAP_SYS_ADMIN only: a user namespace for the network alone, after the mounts
  kRootless,    ///< neither: a user namespace for everything
};

/// Something in the host's /tmp that stays visible in the shard's.
struct KeptPath {
  std::string path;
  /// What it resolves to, without links; `path` itself unless the command runs as another user.
  std::string source;
};

/// A directory that an overlay would hide.
struct ShownThrough {
  std::string path;  ///< without links
  int outside;       ///< a descriptor that the plan owns
};

/// Descriptors of what the plan's paths referred to when they were checked: init reopens the paths in the
/// shard's mount namespace and rejects anything else that another process has put there meanwhile.
struct Places {
  std::map<std::string, sys::Directory> private_directories;  ///< except those that init creates
  std::vector<sys::Directory> covered;                        ///< one per overlay
  std::vector<bool> covered_is_ours;                          ///< the same: nobody else can have chosen it
  std::vector<sys::Directory> keeping;                        ///< likewise; empty if it keeps nothing
  std::vector<sys::Fd> kept;
  sys::Directory tmp;
};

/// Everything that is decided before anything is created. The child does not consult the caller's state
/// again.
struct Plan {
  ShardSpec spec;
  PrivilegeMode privilege_mode = PrivilegeMode::kRootless;
  /// The namespaces that init is cloned into, and those that it unshares itself.
  int clone_flags = 0;
  int unshare_flags = 0;
  ns::IdMap id_map = {};
  /// The command gets a process group of its own: there is no controlling terminal, or the shard is one of
  /// several.
  bool own_process_group = false;
  /// The caller leads a process group: if run directly, the command would lead it and could not leave it.
  bool leads_group = false;
  std::string working_directory;
  /// It must be entered by name; otherwise init inherits the caller's directory itself, whatever its name
  /// refers to by now and regardless of who may access it.
  bool enters_directory = false;
  /// Set only if the shard has limits.
  ns::Cgroup cgroup{};
  std::vector<KeptPath> kept;
  std::vector<std::string> private_paths;
  /// Emptied once init has been cloned: init has its own copies.
  Places places{};
  /// The spec's `artifacts`, opened once; nslaunch writes nothing there by path.
  sys::Directory artifacts{};
  /// One per entry of the spec's `overlays`, by index.
  std::vector<WorkDirectory> overlay_work;
  /// Directories below an overlay that still show the host's.
  std::vector<ShownThrough> shown_through;
  /// Inode of the pipe that is the command's standard input, 0 if that is not a pipe.
  std::uint64_t stdin_pipe = 0;
  /// The launcher's descriptor of the capture file; -1: nothing is captured.
  int capture_file = -1;
  sys::SignalState caller_signals;
  /// The command's 0, 1 and 2, each numbered 3 or higher here; empty: the caller's.
  std::vector<sys::Fd> streams{};
  /// The processors that the shard may run on; empty: the caller's.
  std::vector<unsigned> processors{};
  /// The descriptor limit that the command gets, if the launcher has changed its own.
  std::optional<rlimit> descriptor_limit{};
  /// The network settings that the host has changed, if already known.
  std::optional<std::vector<ns::Sysctl>> settings{};
  /// The launcher has its own connection to init, on which it sends requests as clients do.
  bool launcher_is_client = false;
  /// Pidfds of processes outside that the launcher holds: init closes its copies before the command starts.
  std::vector<int> outside_handles{};
  bool tracing = false;  ///< init reports the result of each step
  bool logging = false;  ///< and logs everything else (Kind::kLog)
  /// The caller may have signal handlers, which init must not have. Looking for them takes 15 µs.
  bool may_have_handlers = true;
  /// Once the command runs, the launcher keeps none of its caller's descriptors except stderr and those that
  /// are kept open.
  bool gives_up_descriptors = false;
  /// A descriptor of the caller's: when it is readable, the shard ends as on SIGTERM. -1: none.
  int cancel = -1;

  /// Of the directories that the launcher needs until the end.
  std::vector<int> descriptors() const;
  /// Those and the descriptors in `places`: all that refer outside the shard's mounts.
  std::vector<int> outside_directories() const;
};

/// The tokens of NSLAUNCH_ISOLATION for the namespaces themselves.
std::string namespace_tokens(const Plan& plan);

}  // namespace nslaunch::shard
