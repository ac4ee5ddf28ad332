#include "sys/files/output_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <optional>

#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"
#include "sys/base/patient_write.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::sys {
namespace {

using Place = OutputFile::Place;

/// The directory and the last name of a path. Links on the way are followed, as the kernel does.
std::optional<Place> place_of(const std::string& path) {
  const auto slash = path.rfind('/') + 1;  // 0 if there is none
  Place place{Fd(::openat(AT_FDCWD, (path.substr(0, slash) + ".").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
              path.substr(slash)};
  if (place.directory && place.name.empty()) errno = EISDIR;
  if (!place.directory || place.name.empty()) return std::nullopt;
  return place;
}

bool is_in(const Place& place, const struct stat& file) {
  struct stat entry = {};
  return ::fstatat(place.directory.get(), place.name.c_str(), &entry, AT_SYMLINK_NOFOLLOW) == 0 &&
         entry.st_dev == file.st_dev && entry.st_ino == file.st_ino;
}

/// The entry of this very file: the path's own, or behind links the one that the kernel resolved to.
std::optional<Place> place_of(const std::string& path, const Fd& file, const struct stat& status) {
  if (auto place = place_of(path); place && is_in(*place, status)) return place;
  std::array<char, PATH_MAX> target{};
  const auto itself = fmt::format("/proc/self/fd/{}", file.get());
  if (::readlink(itself.c_str(), target.data(), target.size() - 1) <= 0) return std::nullopt;
  auto place = place_of(target.data());
  if (!place || !is_in(*place, status)) return std::nullopt;
  return place;
}

/// 0 or an errno; empty if this file can't be replaced.
std::optional<int> replace_entry(const Place& place, const struct stat& old, std::string_view content,
                                 const BeforeMaking& before_making) try {
  PendingFile file(place.directory.get(), O_WRONLY, 0600, before_making);
  if (!file.take_rights_of(old)) return std::nullopt;
  if (const int error = write_all(file.fd(), content); error != 0) return error;
  if (!is_in(place, old) || file.replace(place.name) != 0) return std::nullopt;
  return 0;
} catch (const Error&) {
  return std::nullopt;
}

int write_over(const Fd& file, std::string_view content) {
  if (::ftruncate(file.get(), 0) != 0) return errno;
  return write_all(file.get(), content);
}

bool is_protected(const Place& place) {
  return is_protected_entry(place.directory.get(), place.name);
}

/// A reader may see a partly written file.
int write_in_its_place(const Place& place, std::string_view content, mode_t mode) {
  constexpr int kNew = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const Fd file(::openat(place.directory.get(), place.name.c_str(), kNew, mode));
  return file ? write_all(file.get(), content) : errno;
}

/// What has got the name by now stays: it is somebody else's, or another program's.
int write_and_name(PendingFile& file, const Place& place, std::string_view content) {
  if (is_protected(place)) return EACCES;
  if (const int error = write_all(file.fd(), content); error != 0) return error;
  return file.give_new_name(place.name);
}

int write_new(const Place& place, std::string_view content, const BeforeMaking& before_making) try {
  PendingFile file(place.directory.get(), O_WRONLY, 0666, before_making);
  return write_and_name(file, place, content);
} catch (const Error& error) {
  const int number = error.code().value();
  return number == EOPNOTSUPP ? write_in_its_place(place, content, 0666) : number;
}

/// In place of a file that is gone.
int write_anew(const Place& place, const struct stat& gone, bool had_list, std::string_view content,
               const BeforeMaking& before_making) try {
  PendingFile file(place.directory.get(), O_WRONLY, 0600, before_making);
  file.stand_in_for(gone, had_list);
  return write_and_name(file, place, content);
} catch (const Error& error) {
  const int number = error.code().value();
  return number == EOPNOTSUPP ? write_in_its_place(place, content, 0600) : number;
}

/// The check does not open it: that would unblock a FIFO's writers, or wind a tape.
bool is_missing(const std::string& path) {
  return !Fd(::openat(AT_FDCWD, path.c_str(), O_PATH | O_CLOEXEC)) && errno == ENOENT;
}

bool is_fifo(int directory, const std::string& path) {
  struct stat status = {};
  return ::fstatat(directory, path.c_str(), &status, 0) == 0 && S_ISFIFO(status.st_mode);
}

/// 0, or the errno with which a missing file could not be made.
int try_to_make(const Place& place, const BeforeMaking& before_making) try {
  struct stat entry = {};
  // A dangling link would be lost.
  if (::fstatat(place.directory.get(), place.name.c_str(), &entry, AT_SYMLINK_NOFOLLOW) == 0) return ENOENT;
  const PendingFile trial(place.directory.get(), O_WRONLY, 0600, before_making);
  return 0;
} catch (const Error& error) {
  const int number = error.code().value();
  return number == EOPNOTSUPP ? 0 : number;  // write_in_its_place() finds out
}

}  // namespace

bool is_protected_entry(int directory, const std::string& name) noexcept {
  struct stat entry = {};
  struct stat status = {};
  return ::fstat(directory, &status) == 0 && (status.st_mode & S_ISVTX) != 0 &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
         ::fstatat(directory, name.c_str(), &entry, AT_SYMLINK_NOFOLLOW) == 0 &&
         entry.st_uid != ::geteuid() && entry.st_uid != status.st_uid;
}

bool only_we_may_change(int directory) noexcept {
  struct stat status = {};
  return ::fstat(directory, &status) == 0 && status.st_uid == ::geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool has_access_list(const Fd& file) {
  return ::fgetxattr(file.get(), "system.posix_acl_access", nullptr, 0) > 0;
}

Fd open_output_at(int directory, const std::string& path, int more_flags,
                  std::chrono::milliseconds limit) noexcept {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const Deadline deadline(limit);
  for (;;) {
    Fd file(::openat(directory, path.c_str(), kFlags | more_flags, 0666));
    const int error = errno;
    const bool is_leased = error == EWOULDBLOCK;  // fcntl(2): its holder has just been told to give that up
    const bool may_wait = !file && (is_leased || (error == ENXIO && is_fifo(directory, path)));
    if (may_wait && !deadline.passed()) {
      ::poll(nullptr, 0, 10);  // no event reports a reader, or the end of a lease
      continue;
    }
    errno = error;
    return file;
  }
}

Fd open_output(const std::string& path, int more_flags, std::chrono::milliseconds limit) noexcept {
  return open_output_at(AT_FDCWD, path, more_flags, limit);
}

std::optional<OutputFile> OutputFile::open(const std::string& path, const BeforeMaking& before_making) {
  OutputFile output;
  if (is_missing(path)) {
    output.place_ = place_of(path);
    if (!output.place_) return std::nullopt;
    errno = try_to_make(*output.place_, before_making);
    return errno == 0 ? std::optional(std::move(output)) : std::nullopt;
  }
  output.file_ = open_output(path);
  struct stat status = {};
  if (!output.file_ || ::fstat(output.file_.get(), &status) != 0) return std::nullopt;
  output.is_stream_ = !S_ISREG(status.st_mode);
  if (!output.is_stream_) output.place_ = place_of(path, output.file_, status);
  return output;
}

std::vector<int> OutputFile::descriptors() const {
  std::vector<int> all;
  if (file_) all.push_back(file_.get());
  if (place_) all.push_back(place_->directory.get());
  return all;
}

int OutputFile::write(std::string_view content, const BeforeMaking& before_making) const {
  struct stat directory = {};
  if (place_ && ::fstat(place_->directory.get(), &directory) == 0 && directory.st_nlink == 0) return ENOENT;
  if (is_stream_) return write_patiently(file_.get(), content, Deadline(kReaderLimit));
  return file_ ? write_existing(content, before_making) : write_new(*place_, content, before_making);
}

/// Only what had the name at first is replaced. In a directory that others may change that must be the own
/// file: another user's would be replaced by one of that user's, and its name may have become a third user's.
int OutputFile::write_existing(std::string_view content, const BeforeMaking& before_making) const {
  struct stat status = {};
  if (::fstat(file_.get(), &status) != 0) return errno;
  if (!place_) return write_over(file_, content);
  const bool has_list = has_access_list(file_);
  const bool may_replace = status.st_uid == ::geteuid() || only_we_may_change(place_->directory.get());
  if (may_replace && !has_list && is_in(*place_, status)) {
    if (const auto error = replace_entry(*place_, status, content, before_making)) return *error;
  }
  if (is_in(*place_, status)) return write_over(file_, content);
  return write_anew(*place_, status, has_list, content, before_making);
}

Error output_error(int error, const std::string& path, const std::string& doing,
                   const std::string& otherwise) {
  if (error == ENXIO && is_fifo(AT_FDCWD, path)) {
    return {{},
            doing + ": it is a FIFO that nobody reads",
            fmt::format("Start its reader before, for example: cat {} &", shell_quote({path}))};
  }
  if (const auto place = place_of(path); error == EACCES && place && is_protected(*place)) {
    return {
        errno_code(error), doing,
        "It is another user's, in a directory that everybody may write to: there Linux lets nobody be led "
        "by it (fs.protected_symlinks, protected_fifos, protected_regular). Name a file in a directory of "
        "your own."};
  }
  return {errno_code(error), doing, otherwise};
}

}  // namespace nslaunch::sys
