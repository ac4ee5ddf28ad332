#include "registry/record/entry.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "registry/record/record.hpp"
#include "sys/base/files.hpp"
#include "sys/process/identity.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::registry {
namespace {

constexpr std::string_view kNotOpened = "can't be opened: ";

std::string why_not_opened(int error) {
  if (error == ENOENT) return {};
  if (error == ELOOP) return "a symbolic link";
  return std::string(kNotOpened) + sys::errno_code(error).message();
}

std::string what_is_wrong(const struct stat& status, const Directory& directory) {
  if (!S_ISREG(status.st_mode)) return "not a regular file";
  if (status.st_uid != directory.owner) return fmt::format("belongs to user {}", status.st_uid);
  if (status.st_size > static_cast<off_t>(kRecordLimit)) {
    return fmt::format("too large for a record ({} bytes)", status.st_size);
  }
  return {};
}

}  // namespace

std::optional<RecordFile> open_record(const Directory& directory, const char* name, unsigned char type,
                                      int access, std::string& problem) {
  if (type == DT_LNK)
    problem = "a symbolic link";
  else if (type != DT_REG && type != DT_UNKNOWN)
    problem = "not a regular file";
  if (!problem.empty()) return std::nullopt;
  RecordFile file;
  file.fd = sys::open_on_same_mount(directory.fd.get(), name, access | O_NONBLOCK | O_NOCTTY);
  if (!file.fd || ::fstat(file.fd.get(), &file.status) != 0) {
    problem = why_not_opened(errno);
    return std::nullopt;
  }
  problem = what_is_wrong(file.status, directory);
  if (!problem.empty()) return std::nullopt;
  return file;
}

bool is_passing(const std::string& problem) {
  return problem.starts_with(kNotOpened) && !problem.ends_with(sys::errno_code(EACCES).message());
}

bool is_still(const Directory& directory, const char* name, const RecordFile& file) {
  struct stat named = {};
  const auto there = sys::open_on_same_mount(directory.fd.get(), name, O_PATH);
  if (!there && (errno == ENOENT || errno == ELOOP || errno == EXDEV)) return false;
  sys::check(there ? ::fstat(there.get(), &named) : -1, "looking at {}", name);
  return named.st_dev == file.status.st_dev && named.st_ino == file.status.st_ino;
}

std::string read_text(const RecordFile& file) {
  std::string text(static_cast<std::size_t>(file.status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t count = sys::retry_on_eintr([&] {
      return ::pread(file.fd.get(), text.data() + filled, text.size() - filled, static_cast<off_t>(filled));
    });
    if (sys::check(count, "reading a record") == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  text.resize(filled);
  return text;
}

bool Viewpoint::is_other_boot(const ProcessIdentity& launcher) const {
  return launcher.boot_id != sys::boot_id();
}

bool Viewpoint::is_foreign(const ProcessIdentity& launcher) {
  if (is_other_boot(launcher)) return false;
  if (!own_pidns_) own_pidns_ = sys::namespace_inode(0, "pid");
  return *own_pidns_ == 0 || launcher.pidns_inode != *own_pidns_;
}

Life Viewpoint::life(const Header& header, uid_t owner, bool locked) {
  const auto& launcher = header.launcher;
  if (is_other_boot(launcher) || is_foreign(launcher)) return locked ? Life::kLive : Life::kDead;
  // By the lock alone, a shard would count as live while a reaper holds it, or while a process that inherited
  // the launcher's descriptor lives on.
  if (sys::find(launcher, owner) || (locked && launcher.pid == 0)) return Life::kLive;
  return sys::find(header.init, owner) ? Life::kOrphaned : Life::kDead;
}

}  // namespace nslaunch::registry
