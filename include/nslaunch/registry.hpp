#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nslaunch {

/// Which process a record means, beyond its pid (a pid and a start time of one tick's
/// resolution can both be reused; a pidfd's inode, on kernels that have it, can not).
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< /proc/PID/stat field 22; 0 where pidfd_inode tells
  std::uint64_t pidfd_inode = 0;  ///< 0 where the kernel (before 6.9) has none
  std::string boot_id;            ///< /proc/sys/kernel/random/boot_id
  std::uint64_t pidns_inode = 0;  ///< of the namespace in which `pid` is meant

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

/// What is remembered of a live shard.
struct ShardRecord {
  std::string id;
  std::string name;
  std::string run_id;
  unsigned shard_index = 1;  ///< of the run's shards, from 1
  unsigned shard_total = 1;
  /// Its launcher has other shards, too: a signal for this one alone has to be addressed to it.
  bool fleet_member = false;
  std::vector<std::string> command;
  std::string cwd;
  uid_t uid = 0;                     ///< the launcher's
  std::optional<uid_t> command_uid;  ///< where that is another's (--user)
  /// Its groups then; none: those of the account, or more than a record has room for.
  std::optional<gid_t> command_gid;
  std::vector<gid_t> command_groups;  ///< supplementary ones
  std::int64_t started_at = 0;        ///< seconds since the epoch
  std::string isolation;
  ProcessIdentity launcher;
  ProcessIdentity init;
};

enum class ShardState {
  kStarting,
  kRunning,
  kHeld,  ///< its command has failed; it stays for visitors (ShardSpec::hold_on_failure)
  kStopping,
  kOrphaned,    ///< the launcher is gone, init is not
  kDead,        ///< both are gone: the record is waiting to be reaped
  kUnreadable,  ///< damaged, newer than this version, or not ours to read
};

const char* to_string(ShardState state) noexcept;

/// A shard as the registry shows it. Of an unreadable record only `path`, `record.id` (from the
/// file's name), `record.uid` (the directory's owner) and `problem` are set.
struct ShardEntry {
  ShardRecord record;
  ShardState state = ShardState::kUnreadable;
  /// The record was made in another PID namespace: shown, never acted on.
  bool foreign = false;
  std::string path;
  std::string problem;
};

/// Every shard that this user's registry directories hold (as root with `all_users`, everyone's),
/// in order of their start. Never throws for a sick registry: what cannot be read is an entry
/// of its own or, for a whole directory, a line in `warnings`.
std::vector<ShardEntry> list_shards(bool all_users, std::vector<std::string>& warnings);

/// The same of one user, whoever else has shards. Another one's are read by root only.
std::vector<ShardEntry> list_shards_of(uid_t user, std::vector<std::string>& warnings);

struct ReapResult {
  std::size_t removed = 0;  ///< records of shards that were gone
  std::size_t ended = 0;    ///< orphaned shards whose init was killed first
  std::vector<std::string> problems;
};

/// Ends orphaned shards and removes the records of dead ones.
ReapResult reap_shards(bool all_users);

/// The same for one shard, as list_shards showed it.
ReapResult reap_shard(const ShardEntry& entry);

/// Whether its launcher has other shards, too.
bool is_one_of_several(const ShardRecord& record) noexcept;

/// Sends `signal` to a shard's launcher, which hands it to the command (SIGKILL ends launcher and
/// shard at once; of a launcher with several shards it ends this one alone; an orphaned shard's init gets
/// SIGKILL whatever was asked). The process is identified through a pidfd first. Throws Error when it is not
/// ours, foreign or already gone.
void signal_shard(const ShardEntry& entry, int signal);

}  // namespace nslaunch
