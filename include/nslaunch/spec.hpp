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
  kDirectory,  ///< a directory of the caller's, mounted on /tmp and left alone afterwards
};

enum class LeakPolicy { kWarn, kFail, kIgnore };

enum class Isolation {
  kFull,  ///< every namespace, or an Error
  kNone,  ///< run the command directly; only ever asked for by name
};

/// Numeric ids that the command runs as.
struct UserIds {
  std::uint32_t uid;
  std::uint32_t gid;
  std::vector<std::uint32_t> groups;  ///< supplementary groups
};

/// A port outside the shard that leads to a server inside.
struct PublishedPort {
  /// Where to listen outside: v4 or v6, in numbers.
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any that is free
  /// On 127.0.0.1 in the shard.
  std::uint16_t shard_port = 0;
};

/// A port in the shard that leads to a service outside. Addresses are v4 or v6, in numbers.
struct ReachedService {
  /// Where the shard's processes find it; one of the shard's own addresses.
  std::string shard_address = "127.0.0.1";
  std::uint16_t shard_port = 0;
  /// Where it is, seen from the caller.
  std::string host;
  std::uint16_t port = 0;
};

/// A directory that the shard sees with changes of its own: what it writes there is not written outside.
struct OverlaySpec {
  std::string path;
  /// An empty or missing directory that keeps what was changed, as overlayfs writes it; empty: nothing is
  /// kept.
  std::string keep;
  /// How many of the last names in `keep` are, or may be, words of a list: for another user's command root
  /// makes these, and takes nothing that has such a name.
  std::size_t names_of_list = 0;
};

/// The shard's loopback traffic as a pcap file.
struct CaptureSpec {
  /// Empty: none. The caller's path, resolved outside the shard; a regular file of that name is replaced.
  std::string file;
  /// The most that the file may grow to, in bytes.
  std::uint64_t limit = std::uint64_t{64} << 20;
  /// Keep it only where exit_status() is not 0. It has no name until then.
  bool only_on_failure = false;
  /// Words of a list are in the name: for another user's command nothing is replaced but an earlier capture
  /// of the caller's own.
  bool named_by_list = false;
};

/// What a shard is to be. A default-constructed spec with a command is what
/// `nslaunch -- COMMAND` runs.
struct ShardSpec {
  /// The command and its arguments; never empty.
  std::vector<std::string> command;
  /// The command's environment as NAME=VALUE, before nslaunch adds its own variables and sets TMPDIR, TMP
  /// and TEMP.
  std::vector<std::string> environment;
  /// NAME=VALUE on top of that: only NSLAUNCH's own variables are not changed by it.
  std::vector<std::string> variables;
  /// Empty: the caller's working directory.
  std::string workdir;
  /// Eight hex digits; empty: chosen at random.
  std::string id;
  /// Empty: the id.
  std::string name;
  /// Of the run that it belongs to; empty: the id.
  std::string run_id;
  /// Its launcher has other shards, too, and takes signals that are addressed to one of them (SIGRTMIN with
  /// the pid of the shard's init): run_fleet() sets it for its shards.
  bool fleet_member = false;
  /// Which of the run's shards it is, from 1.
  unsigned shard_index = 1;
  unsigned shard_total = 1;
  /// How often that part is tried by now, from 1.
  unsigned attempt = 1;
  /// Empty: the host's, and no uts namespace.
  std::string hostname;

  Isolation isolation = Isolation::kFull;
  /// A fresh /proc, writable sysctls and low ports become errors when they can't be had.
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
  /// Paths over which an empty private directory is mounted; made with mode 0700 where missing.
  std::vector<std::string> private_paths;
  std::vector<OverlaySpec> overlays;
  /// The most that the shard may use, 0: no limit. By a control group of version 2, or an Error that says why
  /// not.
  std::uint64_t memory_limit = 0;  ///< bytes, with what lies in its tmpfs
  std::uint64_t pids_limit = 0;    ///< processes and threads
  /// TCP; listening from before anything of the shard is made until it ends.
  std::vector<PublishedPort> publish;
  /// TCP; nothing else of the host's network is reached from the shard.
  std::vector<ReachedService> reach;

  CaptureSpec capture;

  LeakPolicy leaks = LeakPolicy::kWarn;
  /// How long processes may outlive the command before they count as leaks.
  std::chrono::milliseconds leak_grace{250};
  /// From the polite end (SIGTERM) to the kill.
  std::chrono::milliseconds grace{4000};
  /// From the start of the command; none: no limit.
  std::optional<std::chrono::milliseconds> timeout;
  /// The longest time without output on its standard output and error; none: no limit.
  std::optional<std::chrono::milliseconds> silence;
  /// What a hung command's processes get before SIGTERM: those that handle it; 0: nothing.
  int dump_signal = 0;
  /// The time that they have for what it makes them do.
  std::chrono::milliseconds dump_grace{2000};
  /// A directory of the host's that the command finds as NSLAUNCH_ARTIFACTS, made where missing; the account
  /// of a hang is written there. Empty: none.
  std::string artifacts;
  /// How long the shard of a command that failed, or timed out, stays for visitors; none: not at all.
  /// One that somebody told to end is not held, nor one that is not recorded.
  std::optional<std::chrono::milliseconds> hold_on_failure;
  /// Count what it uses (Outcome::usage).
  bool measure = false;
  /// End with the ancestors in the caller's process group.
  bool watch_ancestors = true;
};

}  // namespace nslaunch
