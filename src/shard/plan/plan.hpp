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

/// How much privilege there is to build the shard with (docs/architecture.md, "How much isolation").
enum class PrivilegeMode {
  kPrivileged,  ///< CAP_SYS_ADMIN and CAP_NET_ADMIN: no user namespace
  kSplit,       ///< CAP_SYS_ADMIN only: a user namespace for the network alone, after the mounts
  kRootless,    ///< neither: a user namespace for everything
};

/// Something in the host's /tmp that stays visible in the shard's.
struct KeptPath {
  std::string path;
  /// Where that leads, without links; `path` where nobody but the caller is to be served.
  std::string source;
};

/// A directory that an overlay would hide.
struct ShownThrough {
  std::string path;  ///< without links
  int outside;       ///< the plan's own descriptor of it
};

/// What the plan's paths stood for when they were looked at, by their descriptors: init opens the paths again
/// in the shard's mount namespace and takes nothing else that somebody has put there meanwhile.
struct Places {
  std::map<std::string, sys::Directory> private_directories;  ///< those that were there to be opened
  std::vector<sys::Directory> covered;                        ///< by the spec's overlays
  std::vector<sys::Directory> keeping;                        ///< likewise; none where nothing is kept
  std::vector<sys::Fd> kept;
  sys::Directory tmp;
};

/// All that is decided before anything is made. Nothing in the child looks at the caller again.
struct Plan {
  ShardSpec spec;
  PrivilegeMode privilege_mode = PrivilegeMode::kRootless;
  /// The namespaces that init is born into, and those that it makes itself.
  int clone_flags = 0;
  int unshare_flags = 0;
  ns::IdMap id_map = {};
  /// The command gets a process group of its own: there is no controlling terminal.
  bool own_process_group = false;
  /// The caller leads a process group: run directly, the command would, and could not leave it.
  bool leads_group = false;
  std::string working_directory;
  /// It has to be entered by its name; else what init inherits is the very directory that the caller is in,
  /// whatever its name leads to by now and whoever may go there.
  bool enters_directory = false;
  /// Where the shard has limits.
  ns::Cgroup cgroup{};
  std::vector<KeptPath> kept;
  std::vector<std::string> private_paths;
  /// To be emptied when init has been cloned: it has its own.
  Places places{};
  /// The spec's `artifacts`, opened once; nothing of nslaunch's goes there by the name.
  sys::Directory artifacts{};
  /// For the spec's `overlays`, by their number.
  std::vector<WorkDirectory> overlay_work;
  /// Directories below an overlay that are the host's all the same.
  std::vector<ShownThrough> shown_through;
  /// Inode of the pipe that is the command's standard input, 0 where it is none.
  std::uint64_t stdin_pipe = 0;
  /// Descriptor of the file that packets go to, the launcher's; -1: nothing is captured.
  int capture_file = -1;
  sys::SignalState caller_signals;
  /// The command's 0, 1 and 2, none of them below 3; empty: the caller's.
  std::vector<sys::Fd> streams{};
  /// The processors that the shard may run on; empty: the caller's.
  std::vector<unsigned> processors{};
  /// The limit on descriptors that the command gets, where the launcher has changed its own.
  std::optional<rlimit> descriptor_limit{};
  /// What the host has changed of its network settings, where that is known already.
  std::optional<std::vector<ns::Sysctl>> settings{};
  /// The launcher has a connection of its own to init, on which it asks as visitors do.
  bool launcher_visits = false;
  /// Handles on processes outside that the launcher holds: init gives up its copies before the command
  /// starts.
  std::vector<int> outside_handles{};
  bool tracing = false;
  /// The caller may have handlers for signals, which init must not have. Looking for them takes 15 µs.
  bool may_have_handlers = true;
  /// Once the command runs the launcher has nothing of its caller's any more but stderr and what is kept
  /// open.
  bool gives_up_descriptors = false;
  /// A descriptor of the caller's: when it is readable, all ends as by SIGTERM. -1: none.
  int cancel = -1;

  /// Of those that the launcher needs until the end.
  std::vector<int> descriptors() const;
  /// Those and the places': all that lie outside the shard's mounts.
  std::vector<int> outside_directories() const;
};

/// An id for a shard, as ShardSpec::id takes it.
std::string random_id();

/// The tokens of NSLAUNCH_ISOLATION for the namespaces themselves.
std::string namespace_tokens(const Plan& plan);

}  // namespace nslaunch::shard
