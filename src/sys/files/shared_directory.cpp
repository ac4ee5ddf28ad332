#include "sys/files/shared_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace nslaunch::sys {

bool is_sticky_and_shared(int directory) noexcept {
  struct stat status = {};
  return ::fstat(directory, &status) == 0 && (status.st_mode & S_ISVTX) != 0 &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

bool is_protected_entry(int directory, const std::string& name) noexcept {
  struct stat entry = {};
  struct stat status = {};
  return is_sticky_and_shared(directory) && ::fstat(directory, &status) == 0 &&
         ::fstatat(directory, name.c_str(), &entry, AT_SYMLINK_NOFOLLOW) == 0 &&
         entry.st_uid != ::geteuid() && entry.st_uid != status.st_uid;
}

timespec time_of_files() noexcept {
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now;
}

std::optional<bool> is_made_since(int file, const timespec& then) noexcept {
  struct statx status = {};
  if (::statx(file, "", AT_EMPTY_PATH, STATX_BTIME, &status) != 0 || (status.stx_mask & STATX_BTIME) == 0)
    return std::nullopt;
  using Time = std::pair<std::int64_t, std::int64_t>;
  return Time(status.stx_btime.tv_sec, status.stx_btime.tv_nsec) >= Time(then.tv_sec, then.tv_nsec);
}

bool only_we_may_change(int directory) noexcept {
  struct stat status = {};
  return ::fstat(directory, &status) == 0 && status.st_uid == ::geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace nslaunch::sys
