#include <nslaunch/registry.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <span>
#include <tuple>

#include "registry/place/addressed.hpp"
#include "registry/place/as_user.hpp"
#include "registry/place/directories.hpp"
#include "registry/record/list_directory.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"
#include "sys/process/identity.hpp"

namespace nslaunch {
namespace registry {
namespace {

/// Sending a signal does not block.
constexpr std::chrono::seconds kSignalLimit{3};

/// Its launcher has other shards, which must not receive the signal. A signal that can't be caught ends or
/// stops only init.
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

/// Ordered by start time, unreadable ones last.
std::vector<ShardEntry> list_directories(std::span<const Directory> directories,
                                         std::vector<std::string>& warnings) {
  std::vector<ShardEntry> entries;
  for (const auto& directory : directories) {
    auto listing = list_directory(directory);
    std::ranges::move(listing.entries, std::back_inserter(entries));
    std::ranges::move(listing.warnings, std::back_inserter(warnings));
  }
  const auto order = [](const ShardEntry& entry) {
    return std::tuple(entry.state == ShardState::kUnreadable, entry.record.started_at,
                      std::string_view(entry.record.id));
  };
  std::sort(entries.begin(), entries.end(),
            [&](const ShardEntry& left, const ShardEntry& right) { return order(left) < order(right); });
  return entries;
}

}  // namespace
}  // namespace registry

std::vector<ShardEntry> list_shards(bool all_users, std::vector<std::string>& warnings) {
  return registry::list_directories(registry::open_directories(all_users, warnings), warnings);
}

std::vector<ShardEntry> list_shards_of(uid_t user, std::vector<std::string>& warnings) {
  return registry::list_directories(registry::open_directories_of(user, warnings), warnings);
}

bool is_one_of_several(const ShardRecord& record) noexcept {
  return record.fleet_member;
}

void signal_shard(const ShardEntry& entry, int signal) {
  const auto& record = entry.record;
  const std::string doing = fmt::format("signalling shard {}", sys::escape(record.id));
  refuse_unreadable(entry, doing);
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
  const int error = sys::whole_number<int>(answer).value_or(EPROTO);
  if (error == ESRCH) {
    throw Error(sys::errno_code(error), doing, "It has ended; to remove its record, run: nslaunch reap");
  }
  if (error != 0) throw Error(sys::errno_code(error), doing);
}

}  // namespace nslaunch
