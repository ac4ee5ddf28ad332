#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "registry/place/directories.hpp"
#include "registry/record/header.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::registry {

/// Calls visit(name, type) for every entry (type as in readdir(3), DT_UNKNOWN on some file systems) until it
/// returns false. Entries may be removed meanwhile.
template <typename Visit>
void each_entry(const Directory& directory, Visit visit) {
  sys::Fd copy(sys::check(::fcntl(directory.fd.get(), F_DUPFD_CLOEXEC, 0), "listing {}", directory.path));
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(copy.get()), ::closedir);
  if (!listing) throw Error(sys::errno_code(errno), "listing " + directory.path);
  copy.release();
  ::rewinddir(listing.get());  // the copy shares its position with the directory's descriptor
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(listing.get());
    if (entry == nullptr && errno != 0) throw Error(sys::errno_code(errno), "listing " + directory.path);
    if (entry == nullptr || !visit(entry->d_name, entry->d_type)) return;
  }
}

/// One file of a registry directory.
struct RecordFile {
  sys::Fd fd;
  struct stat status = {};
};

/// Opens a regular file of the directory's owner, no larger than a record, without following a link, waiting
/// for a peer or waking a device. nullopt with an empty `problem`: it is gone.
std::optional<RecordFile> open_record(const Directory& directory, const char* name, unsigned char type,
                                      int access, std::string& problem);

/// Whether open_record() may well succeed at the next attempt: the file itself was not the cause.
bool is_passing(const std::string& problem);

/// Whether `name` still refers to this very file. Throws Error if that can't be determined.
bool is_still(const Directory& directory, const char* name, const RecordFile& file);

std::string read_text(const RecordFile& file);

/// What the recorded processes say about a shard.
enum class Life { kLive, kOrphaned, kDead };

/// Our boot and PID namespace: determines whether the pids in records are valid here. Queries the kernel on
/// first use, since a launch mostly finds no records to check.
class Viewpoint {
 public:
  /// Written before this boot, or on another machine.
  bool is_other_boot(const ProcessIdentity& launcher) const;
  /// Written in this boot, but in another PID namespace (or in one that can't be determined).
  bool is_foreign(const ProcessIdentity& launcher);
  /// After is_foreign(): our own PID namespace can't be determined.
  bool is_lost() const noexcept { return own_pidns_ == std::uint64_t{0}; }
  /// `locked`: another process holds the record's lock: the launcher, or for a moment a reaper. A process
  /// that is not `owner`'s is never the recorded one. Throws Error as sys::find() does.
  Life life(const Header& header, uid_t owner, bool locked);

 private:
  std::optional<std::uint64_t> own_pidns_;
};

}  // namespace nslaunch::registry
