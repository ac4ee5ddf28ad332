#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nslaunch {

/// Identifies the process of a record, beyond its pid (a pid and a start time with a resolution of one tick
/// can both be reused; a pidfd's inode, on kernels that have it, cannot).
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< /proc/PID/stat field 22; 0 if pidfd_inode is set
  std::uint64_t pidfd_inode = 0;  ///< 0 if the kernel (before 6.9) has none
  std::string boot_id;            ///< /proc/sys/kernel/random/boot_id
  std::uint64_t pidns_inode = 0;  ///< of the PID namespace that `pid` belongs to

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

/// The registry record of a live shard.
struct ShardRecord {
  std::string id;
  std::string name;
  std::string run_id;
  unsigned shard_index = 1;  ///< of the run's shards, from 1
  unsigned shard_total = 1;
  /// Its launcher has other shards, too: a signal for this one alone must be addressed to it.
  bool fleet_member = false;
  std::vector<std::string> command;
  std::string cwd;
  uid_t uid = 0;                     ///< the launcher's
  std::optional<uid_t> command_uid;  ///< if it differs (--user)
  /// Its groups in that case; none: those of the account, or too many for a record.
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
  kHeld,  ///< its command has failed; it stays to be entered (ShardSpec::hold_on_failure)
  kStopping,
  kOrphaned,    ///< the launcher is gone, init is not
  kDead,        ///< both are gone: the record is waiting to be reaped
  kUnreadable,  ///< damaged, newer than this version, or not ours to read
};

const char* to_string(ShardState state) noexcept;

/// A shard as the registry shows it. For an unreadable record, only `path`, `record.id` (from the file's
/// name), `record.uid` (the directory's owner) and `problem` are set.
struct ShardEntry {
  ShardRecord record;
  ShardState state = ShardState::kUnreadable;
  /// The record was made in another PID namespace: shown, never acted on.
  bool foreign = false;
  std::string path;
  std::string problem;
};

/// All shards in this user's registry directories (everyone's, as root with `all_users`), in order of their
/// start. Never throws for a damaged registry: an unreadable record is an entry of its own, and an unreadable
/// directory is a line in `warnings`.
std::vector<ShardEntry> list_shards(bool all_users, std::vector<std::string>& warnings);

/// The same for one user only. Only root can read the shards of another user.
std::vector<ShardEntry> list_shards_of(uid_t user, std::vector<std::string>& warnings);

/// An id becomes a file name, so it consists of letters, digits, '-' and '_', at most 64 of them.
bool is_valid_id(std::string_view id);

/// The word by which the user `self` names this shard and no other in a command of nslaunch: "ID", for
/// another user's shard "UID/ID". Escaped.
std::string word_for(const ShardRecord& record, uid_t self);

/// What to do about an unreadable record, with a command to paste; empty if there is no advice.
std::string remedy_of(const ShardEntry& entry);

/// Throws Error, with what to do about it, if the entry is unreadable. `doing`: "looking into shard X".
void refuse_unreadable(const ShardEntry& entry, const std::string& doing);

/// Removes what killed launchers have left: up to 10,000 records, for up to 1 s. Each launch does the same
/// for fewer. Never throws.
void sweep_registry() noexcept;

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

/// Sends `signal` to a shard's launcher, which forwards it to the command (SIGKILL ends launcher and shard at
/// once; a launcher with several shards ends only this one; the init of an orphaned shard always receives
/// SIGKILL). The process is identified through a pidfd first. Throws Error if it is not ours, foreign or
/// already gone.
void signal_shard(const ShardEntry& entry, int signal);

}  // namespace nslaunch
