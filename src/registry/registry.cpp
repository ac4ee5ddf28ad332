#include <nslaunch/registry.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <limits>
#include <tuple>

#include "registry/addressed.hpp"
#include "registry/as_user.hpp"
#include "registry/entry.hpp"
#include "registry/names.hpp"
#include "registry/record.hpp"
#include "registry/unreadable.hpp"
#include "sys/files.hpp"
#include "sys/identity.hpp"
#include "sys/text.hpp"

namespace nslaunch {
namespace registry {
namespace {

/// Signalling waits for nobody.
constexpr std::chrono::seconds kSignalLimit{3};

/// Of another user, who may have any number of files called as records.
constexpr std::size_t kMostOfAnother = 10'000;

ShardState state_of(Life life, ShardState recorded) {
  if (life == Life::kLive) return recorded;
  return life == Life::kOrphaned ? ShardState::kOrphaned : ShardState::kDead;
}

/// Fills in what the file says; returns whether it is a good record.
bool take_record(const RecordFile& file, const Folder& folder, ShardEntry& entry) {
  auto decoded = decode(read_text(file));
  entry.problem = decoded.problem;
  if (decoded.condition != Condition::kGood) return false;
  if (decoded.record.id != entry.record.id) {
    entry.problem = "a copy of another shard's record";
    return false;
  }
  entry.record = std::move(decoded.record);
  entry.record.uid = folder.owner;  // the kernel's word, not the file's
  entry.state = decoded.state;
  return true;
}

/// Nothing where the file went away while we looked: its launcher has just ended.
std::optional<ShardEntry> look_at(const Folder& folder, const char* name, unsigned char type,
                                  Viewpoint& viewpoint) {
  ShardEntry entry;
  entry.record.id = id_of(name);
  entry.record.uid = folder.owner;
  entry.path = folder.path + "/" + name;
  const auto file = open_record(folder, name, type, O_RDONLY, entry.problem);
  if (!file) return entry.problem.empty() ? std::nullopt : std::optional(std::move(entry));
  if (kind_of(name) == NameKind::kStranger) {
    entry.problem = "not a record of nslaunch";
    return entry;
  }
  if (!take_record(*file, folder, entry)) return entry;
  const bool locked = sys::is_write_locked(file->fd.get());
  const auto& record = entry.record;
  const Life life = viewpoint.life({entry.state, record.launcher, record.init}, folder.owner, locked);
  // A launcher that ended as it should while we looked took its record with it.
  if (life != Life::kLive && !is_still(folder, name, *file)) return std::nullopt;
  entry.state = state_of(life, entry.state);
  entry.foreign = viewpoint.is_foreign(record.launcher) ||
                  (locked && viewpoint.is_other_boot(record.launcher));  // a folder shared by machines
  return entry;
}

void list_folder(const Folder& folder, std::vector<ShardEntry>& entries, Viewpoint& viewpoint,
                 std::vector<std::string>& warnings) {
  auto left = folder.owner == ::geteuid() ? std::numeric_limits<std::size_t>::max() : kMostOfAnother;
  each_entry(folder, [&](const char* name, unsigned char type) {
    const auto kind = kind_of(name);
    if (kind != NameKind::kRecord && kind != NameKind::kStranger) return true;
    if (left-- == 0) {
      warnings.push_back(fmt::format(
          "user {} has more than {} records in {}: the rest is not looked at (nslaunch reap --all "
          "removes those of shards that are gone)",
          folder.owner, kMostOfAnother, sys::escape(folder.path)));
      return false;
    }
    try {
      if (auto entry = look_at(folder, name, type, viewpoint)) entries.push_back(std::move(*entry));
    } catch (const Error& error) {
      ShardEntry sick;
      sick.record.id = id_of(name);
      sick.record.uid = folder.owner;
      sick.path = folder.path + "/" + name;
      sick.problem = error.what();
      entries.push_back(std::move(sick));
    }
    return true;
  });
}

/// Its launcher has other shards, which the signal is not for. What can't be caught ends or stops nothing but
/// init.
int signal_one_of_several(const sys::Pidfd& launcher, const ShardRecord& record, int signal) {
  const auto init = sys::find(record.init, record.uid);
  if (!init) return ESRCH;
  if (signal == SIGKILL) return init->send_signal(SIGKILL);
  return send_addressed(launcher, {signal, record.init.pid});
}

/// Sends the signal, or SIGKILL to an orphaned shard's init. Returns 0 or an errno.
int signal_processes(const ShardRecord& record, int signal) {
  const auto launcher = sys::find(record.launcher, record.uid);
  if (launcher && is_one_of_several(record)) return signal_one_of_several(*launcher, record, signal);
  if (launcher) return launcher->send_signal(signal);
  if (const auto init = sys::find(record.init, record.uid)) return init->send_signal(SIGKILL);
  return ESRCH;
}

}  // namespace
}  // namespace registry

std::vector<ShardEntry> list_shards(bool all_users, std::vector<std::string>& warnings) {
  std::vector<ShardEntry> entries;
  registry::Viewpoint viewpoint;
  for (const auto& folder : registry::open_folders(all_users, warnings)) {
    try {
      registry::list_folder(folder, entries, viewpoint, warnings);
    } catch (const Error& error) {
      warnings.push_back(sys::escape(error.what()));
    }
  }
  const auto order = [](const ShardEntry& entry) {
    return std::tuple(entry.state == ShardState::kUnreadable, entry.record.started_at,
                      std::string_view(entry.record.id));
  };
  std::sort(entries.begin(), entries.end(),
            [&](const ShardEntry& left, const ShardEntry& right) { return order(left) < order(right); });
  return entries;
}

bool is_one_of_several(const ShardRecord& record) noexcept {
  return record.run_id != record.id;
}

void signal_shard(const ShardEntry& entry, int signal) {
  const auto& record = entry.record;
  const std::string doing = fmt::format("signalling shard {}", sys::escape(record.id));
  registry::refuse_unreadable(entry, doing);
  if (entry.foreign) {
    throw Error(sys::errno_code(EPERM), doing,
                "It was started in another PID namespace (a container, say); run nslaunch kill there.");
  }
  if (signal == SIGSTOP && is_one_of_several(record))
    throw UsageError(doing + ": SIGSTOP would stop all shards of its launcher",
                     "SIGTSTP stops this one, unless its command ignores it: nslaunch kill --signal TSTP");
  const auto answer = registry::as_user(record.uid, registry::kSignalLimit, [&] {
    return std::to_string(registry::signal_processes(record, signal));
  });
  const int error = std::atoi(answer.c_str());
  if (error == ESRCH) {
    throw Error(sys::errno_code(error), doing, "It has ended; to remove its record, run: nslaunch reap");
  }
  if (error != 0) throw Error(sys::errno_code(error), doing);
}

}  // namespace nslaunch
