#include "registry/record/list_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "registry/place/names.hpp"
#include "registry/record/entry.hpp"
#include "registry/record/record.hpp"
#include "registry/record/record_listing.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch::registry {
namespace {

/// For another user, who may have any number of files named like records.
constexpr std::size_t kMostOfAnother = 10'000;
/// Limit in bytes for what is kept of them; a usual record takes some hundred.
constexpr std::size_t kMostRoomForAnother = std::size_t{16} << 20;
constexpr std::chrono::seconds kReadingLimit{5};   ///< when it is over, what was read is kept
constexpr std::chrono::seconds kListingLimit{10};  ///< when it is over, nothing is kept

ShardState state_of(Life life, ShardState recorded) {
  if (life == Life::kLive) return recorded;
  return life == Life::kOrphaned ? ShardState::kOrphaned : ShardState::kDead;
}

/// Fills in what the file says; returns whether it is a good record.
bool take_record(const RecordFile& file, const Directory& directory, ShardEntry& entry) {
  auto decoded = decode(read_text(file));
  entry.problem = decoded.problem;
  if (decoded.condition != Condition::kGood) return false;
  if (decoded.record.id != entry.record.id) {
    entry.problem = "a copy of another shard's record";
    return false;
  }
  entry.record = std::move(decoded.record);
  entry.record.uid = directory.owner;  // from the kernel, not from the file
  entry.state = decoded.state;
  return true;
}

/// If the processes can't be inspected, the lock decides.
Life life_seen(Viewpoint& viewpoint, const Header& header, uid_t owner, bool locked) try {
  return viewpoint.life(header, owner, locked);
} catch (const Error&) {
  return locked ? Life::kLive : Life::kDead;
}

/// nullopt if the file disappeared meanwhile: its launcher has just ended.
std::optional<ShardEntry> look_at(const Directory& directory, const char* name, unsigned char type,
                                  Viewpoint& viewpoint) {
  ShardEntry entry;
  entry.record.id = id_of(name);
  entry.record.uid = directory.owner;
  entry.path = directory.path + "/" + name;
  const auto file = open_record(directory, name, type, O_RDONLY, entry.problem);
  if (!file) return entry.problem.empty() ? std::nullopt : std::optional(std::move(entry));
  if (kind_of(name) == NameKind::kStranger) {
    entry.problem = "not a record of nslaunch";
    return entry;
  }
  if (!take_record(*file, directory, entry)) return entry;
  const bool locked = sys::is_write_locked(file->fd.get());
  const auto& record = entry.record;
  const Life life =
      life_seen(viewpoint, {entry.state, record.launcher, record.init}, directory.owner, locked);
  // A launcher that ended normally in the meantime has removed its record.
  if (life != Life::kLive && !is_still(directory, name, *file)) return std::nullopt;
  entry.state = state_of(life, entry.state);
  entry.foreign = viewpoint.is_foreign(record.launcher) ||
                  (locked && viewpoint.is_other_boot(record.launcher));  // a directory shared by machines
  return entry;
}

std::string warning_of_rest(const Directory& directory) {
  return fmt::format(
      "user {} has more than {} records in {}, or some that take long to read, or much room: the rest is not "
      "looked at "
      "(nslaunch reap --all removes those of shards that are gone)",
      directory.owner, kMostOfAnother, sys::escape(directory.path));
}

std::size_t room_of(const ShardRecord& record) {
  std::size_t room = sizeof record + record.name.size() + record.cwd.size();
  for (const auto& word : record.command) room += sizeof word + word.size();
  return room;
}

/// What was read before an error is kept.
void read_all(const Directory& directory, Listing& listing) try {
  const bool is_own = directory.owner == ::geteuid();
  auto left = is_own ? std::numeric_limits<std::size_t>::max() : kMostOfAnother;
  auto room_left = is_own ? std::numeric_limits<std::size_t>::max() : kMostRoomForAnother;
  const sys::Deadline deadline(kReadingLimit);
  Viewpoint viewpoint;
  each_entry(directory, [&](const char* name, unsigned char type) {
    const auto kind = kind_of(name);
    if (kind != NameKind::kRecord && kind != NameKind::kStranger) return true;
    if (left-- == 0 || room_left == 0 || (!is_own && deadline.passed())) {
      listing.warnings.push_back(warning_of_rest(directory));
      return false;
    }
    try {
      auto entry = look_at(directory, name, type, viewpoint);
      if (!entry) return true;
      room_left -= std::min(room_left, room_of(entry->record));
      listing.entries.push_back(std::move(*entry));
    } catch (const Error& error) {
      ShardEntry sick;
      sick.record.id = id_of(name);
      sick.record.uid = directory.owner;
      sick.path = directory.path + "/" + name;
      sick.problem = error.what();
      listing.entries.push_back(std::move(sick));
    }
    return true;
  });
} catch (const Error& error) {
  listing.warnings.push_back(sys::escape(error.what()));
}

Listing list_here(const Directory& directory) {
  Listing listing;
  read_all(directory, listing);
  return listing;
}

}  // namespace

Listing list_directory(const Directory& directory) try {
  if (directory.owner == ::geteuid()) return list_here(directory);
  const auto look = [&] { return sys::Answer{to_text(list_here(directory))}; };
  const auto answer =
      sys::in_child(directory.owner, kListingLimit, look, sys::Signals::kWait, {directory.fd.get()});
  auto listing = listing_of(answer.text);
  for (auto& entry : listing.entries) entry.record.uid = directory.owner;
  return listing;
} catch (const Error& error) {
  return {{},
          {fmt::format("the registry directory {} can't be read: {}", sys::escape(directory.path),
                       error.what())}};
}

}  // namespace nslaunch::registry
