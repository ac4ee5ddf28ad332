#include "sys/files/shared_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

bool only_we_may_change(int directory) noexcept {
  struct stat status = {};
  return ::fstat(directory, &status) == 0 && status.st_uid == ::geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace nslaunch::sys
