#include "sys/files/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <optional>
#include <utility>

#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"
#include "sys/base/patient_write.hpp"
#include "sys/files/access_lists.hpp"
#include "sys/files/directory.hpp"
#include "sys/files/for_user.hpp"
#include "sys/files/open_output.hpp"
#include "sys/files/shared_directory.hpp"

namespace nslaunch::sys {
namespace {

/// As for any other file: the caller's umask applies.
constexpr mode_t kMode = 0666;

bool is_in(const Place& place, const struct stat& file) {
  struct stat entry = {};
  return ::fstatat(place.directory.get(), place.name.c_str(), &entry, AT_SYMLINK_NOFOLLOW) == 0 &&
         entry.st_dev == file.st_dev && entry.st_ino == file.st_ino;
}

/// The entry of this very file: the path's own, or behind links the one that the kernel resolved to.
std::optional<Place> place_of_opened(const std::string& path, const Fd& file, const struct stat& status) {
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

/// As far as the file system counts a directory's links: overlayfs does not, and reports ENOENT later.
bool is_removed(const Fd& directory) {
  struct stat status = {};
  return ::fstat(directory.get(), &status) == 0 && status.st_nlink == 0;
}

/// Whether it belongs to us, and did not exist then.
bool is_ours_and_newer(const Fd& directory, const timespec& than) {
  struct stat status = {};
  return ::fstat(directory.get(), &status) == 0 && status.st_uid == ::geteuid() &&
         is_made_since(directory.get(), than).value_or(false);
}

}  // namespace

std::optional<OutputFile> OutputFile::open(const std::string& path, const BeforeMaking& before_making) {
  OutputFile output;
  output.opened_at_ = time_of_files();
  if (is_missing(path)) {
    output.place_ = place_of(path);
    if (!output.place_) return std::nullopt;
    errno = output.make_missing(before_making);
    if (errno != 0) return std::nullopt;
    output.remember_directory(path);
    return output;
  }
  output.file_ = open_output(path);
  struct stat status = {};
  if (!output.file_ || ::fstat(output.file_.get(), &status) != 0) return std::nullopt;
  output.is_stream_ = !S_ISREG(status.st_mode);
  if (!output.is_stream_) output.place_ = place_of_opened(path, output.file_, status);
  if (output.place_) output.remember_directory(path);
  return output;
}

std::optional<OutputFile::Rights> OutputFile::rights_of(int file) noexcept {
  Rights rights{{}, has_access_list(file)};
  return ::fstat(file, &rights.status) == 0 ? std::optional(rights) : std::nullopt;
}

/// Returns 0 or an errno.
int OutputFile::make_missing(const BeforeMaking& before_making) try {
  struct stat entry = {};
  // A dangling link would be lost.
  if (::fstatat(place_->directory.get(), place_->name.c_str(), &entry, AT_SYMLINK_NOFOLLOW) == 0)
    return ENOENT;
  pending_ = std::make_unique<PendingFile>(place_->directory.get(), O_WRONLY, kMode, before_making);
  missing_rights_ = rights_of(pending_->fd());
  if (pending_->has_name()) pending_.reset();  // which would be seen during the run
  return 0;
} catch (const Error& error) {
  const int number = error.code().value();
  return number == EOPNOTSUPP ? 0 : number;  // write_in_its_place() finds out
}

/// Where a link leads is not ours to say: what is removed there stays removed.
void OutputFile::remember_directory(const std::string& path) {
  const bool is_named = place_->name == std::filesystem::path(path).filename();
  if (is_named) directory_path_ = directory_without_links(place_->directory.get(), path);
}

std::vector<int> OutputFile::descriptors() const {
  std::vector<int> all;
  if (file_) all.push_back(file_.get());
  if (place_) all.push_back(place_->directory.get());
  if (pending_) all.push_back(pending_->fd());
  return all;
}

int OutputFile::write(std::string_view content, const BeforeMaking& before_making) const {
  if (is_stream_) return write_patiently(file_.get(), content, Deadline(kReaderLimit));
  if (!place_) return write_over(file_, content);
  const int error = is_removed(place_->directory) ? ENOENT
                    : file_                       ? write_existing(content, before_making)
                                                  : write_new(content, before_making);
  const auto again = error == ENOENT ? place_in_new_directory() : std::nullopt;
  return again ? make_anew(*again, content, before_making) : error;
}

/// A directory that somebody else has put there, or that was there before under another name, is not the one
/// that the path has meant. Root's own could still have been moved there by whoever owns the one above.
std::optional<Place> OutputFile::place_in_new_directory() const try {
  if (directory_path_.empty()) return std::nullopt;
  Fd directory =
      ::geteuid() == 0 ? find_on_roots_way(directory_path_) : open_path_without_links(directory_path_);
  if (!directory || !is_ours_and_newer(directory, opened_at_)) return std::nullopt;
  return Place{std::move(directory), place_->name};
} catch (const Error&) {
  return std::nullopt;
}

/// Only what had the name at first is replaced. In a directory that others may change that must be the own
/// file: another user's would be replaced by one of that user's, and its name may have become a third user's.
int OutputFile::write_existing(std::string_view content, const BeforeMaking& before_making) const {
  struct stat status = {};
  if (::fstat(file_.get(), &status) != 0) return errno;
  const bool may_replace = status.st_uid == ::geteuid() || only_we_may_change(place_->directory.get());
  if (may_replace && !has_access_list(file_.get()) && is_in(*place_, status)) {
    if (const auto error = replace_entry(*place_, status, content, before_making)) return *error;
  }
  if (is_in(*place_, status)) return write_over(file_, content);
  return directory_path_.empty() ? ENOENT : make_anew(*place_, content, before_making);
}

int OutputFile::write_new(std::string_view content, const BeforeMaking& before_making) const {
  return pending_ ? write_and_name(*pending_, *place_, content) : make_anew(*place_, content, before_making);
}

int OutputFile::make_anew(const Place& place, std::string_view content,
                          const BeforeMaking& before_making) const {
  const auto rights = file_ ? rights_of(file_.get()) : missing_rights_;
  return rights ? write_anew(place, rights->status, rights->has_list, content, before_making)
                : write_in_its_place(place, content, kMode);
}

}  // namespace nslaunch::sys
