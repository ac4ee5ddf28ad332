#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nslaunch {

enum class TmpMode {
  kPrivate,    ///< a fresh tmpfs on /tmp, gone with the shard
  kHost,       ///< the host's /tmp, shared
  kDirectory,  ///< a directory of the caller's, mounted on /tmp and kept afterwards
};

enum class LeakPolicy { kWarn, kFail, kIgnore };

enum class Isolation {
  kFull,  ///< every namespace, or an Error
  kNone,  ///< run the command directly; only on explicit request
};

/// Numeric ids that the command runs as.
struct UserIds {
  std::uint32_t uid;
  std::uint32_t gid;
  std::vector<std::uint32_t> groups;  ///< supplementary groups
};

/// A port outside the shard that leads to a server inside.
struct PublishedPort {
  /// The address to listen on outside: numeric, v4 or v6.
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free port
  /// On 127.0.0.1 in the shard.
  std::uint16_t shard_port = 0;
};

/// A port in the shard that leads to a service outside. Addresses are numeric, v4 or v6.
struct ReachedService {
  /// The address at which the shard's processes reach it; one of the shard's own.
  std::string shard_address = "127.0.0.1";
  std::uint16_t shard_port = 0;
  /// Its address as seen by the caller.
  std::string host;
  std::uint16_t port = 0;
};

/// A directory that the shard can change privately: what it writes there is not visible outside.
struct OverlaySpec {
  std::string path;
  /// An empty or missing directory that receives the changes, in overlayfs format; empty: the changes are
  /// discarded.
  std::string keep;
  /// How many of the last path components of `keep` come, or may come, from a list: for another user's
  /// command root creates these, and refuses existing ones.
  std::size_t names_of_list = 0;
};

/// The shard's loopback traffic as a pcap file.
struct CaptureSpec {
  /// Empty: none. The caller's path, resolved outside the shard; a regular file of that name is replaced.
  std::string file;
  /// The maximum size of the file, in bytes.
  std::uint64_t limit = std::uint64_t{64} << 20;
  /// Keep it only if exit_status() is not 0. It has no name until then.
  bool only_on_failure = false;
  /// The name contains words of a list: for another user's command only an earlier capture owned by the
  /// caller is replaced.
  bool named_by_list = false;
};

/// The configuration of a shard. A default-constructed spec with a command is what `nslaunch -- COMMAND`
/// runs.
struct ShardSpec {
  /// The command and its arguments; never empty.
  std::vector<std::string> command;
  /// The command's environment as NAME=VALUE, before nslaunch adds its own variables and sets TMPDIR, TMP
  /// and TEMP.
  std::vector<std::string> environment;
  /// NAME=VALUE, added to that; overrides all but nslaunch's own NSLAUNCH variables.
  std::vector<std::string> variables;
  /// Empty: the caller's working directory.
  std::string workdir;
  /// Eight hex digits; empty: chosen at random.
  std::string id;
  /// Empty: the id.
  std::string name;
  /// The id of the run that it belongs to; empty: its own id.
  std::string run_id;
  /// Its launcher has other shards, too, and accepts signals that are addressed to one of them (SIGRTMIN with
  /// the pid of the shard's init): run_fleet() sets it for its shards.
  bool fleet_member = false;
  /// Which of the run's shards it is, from 1.
  unsigned shard_index = 1;
  unsigned shard_total = 1;
  /// The number of this attempt at the part, from 1.
  unsigned attempt = 1;
  /// Empty: the host's, and no uts namespace.
  std::string hostname;

  Isolation isolation = Isolation::kFull;
  /// Throw Error if a fresh /proc, writable sysctls or low ports are not available.
  bool require_proc = false;
  /// The caller is uid 0 and gid 0 inside; needs a user namespace unless it is root already.
  bool map_root = false;
  std::optional<UserIds> user;

  TmpMode tmp = TmpMode::kPrivate;
  /// Only with TmpMode::kDirectory.
  std::string tmp_directory;
  /// Bytes; 0: the kernel's default, half of the memory.
  std::uint64_t tmp_size = 0;
  /// Paths below the host's /tmp that stay visible.
  std::vector<std::string> keep;
  /// Paths over which an empty private directory is mounted; created with mode 0700 if missing.
  std::vector<std::string> private_paths;
  std::vector<OverlaySpec> overlays;
  /// Limits on what the shard may use, 0: no limit. Enforced by a control group of version 2, or an Error
  /// says why not.
  std::uint64_t memory_limit = 0;  ///< bytes, including the content of its tmpfs
  std::uint64_t pids_limit = 0;    ///< processes and threads
  /// TCP; listening from before the shard is created until it ends.
  std::vector<PublishedPort> publish;
  /// TCP; nothing else of the host's network is reachable from the shard.
  std::vector<ReachedService> reach;

  CaptureSpec capture;

  LeakPolicy leaks = LeakPolicy::kWarn;
  /// How long processes may outlive the command before they count as leaks.
  std::chrono::milliseconds leak_grace{250};
  /// The time between SIGTERM and SIGKILL.
  std::chrono::milliseconds grace{4000};
  /// From the start of the launch, which has 2 s at least; none: no limit.
  std::optional<std::chrono::milliseconds> timeout;
  /// The longest time without output on its standard output and error; none: no limit.
  std::optional<std::chrono::milliseconds> silence;
  /// The signal sent before SIGTERM to those processes of a hung command that handle it; 0: none.
  int dump_signal = 0;
  /// How long they have to handle it.
  std::chrono::milliseconds dump_grace{2000};
  /// A directory on the host that the command receives as NSLAUNCH_ARTIFACTS, created if missing; the report
  /// of a hang is written there. Empty: none.
  std::string artifacts;
  /// How long the shard of a command that failed or timed out is kept to be entered; none: not at all. A
  /// shard that was asked to end, or has no record, is not held.
  std::optional<std::chrono::milliseconds> hold_on_failure;
  /// Measure its resource usage (Outcome::usage).
  bool measure = false;
  /// End when an ancestor in the caller's process group ends.
  bool watch_ancestors = true;
};

/// A random id, as ShardSpec::id and FleetSpec::run_id take it. Throws Error.
std::string random_id();

/// The user that root runs the command as, which points into `spec`; nullptr if it runs as the caller.
const UserIds* other_user(const ShardSpec& spec) noexcept;

}  // namespace nslaunch
