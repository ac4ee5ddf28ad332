#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// A directory by its descriptor, and the one door to everything that changes the file system at a path
/// (scripts/check-paths). Between two system calls a user may put a link or another directory where a name
/// led; what a descriptor stands for stays the same. A name given to a member is one component: no slash, no
/// "..", and no link is followed. All members throw Error where nothing else is said.
class Directory {
 public:
  Directory() noexcept = default;
  /// `descriptor` is one of a directory; O_PATH will do.
  explicit Directory(Fd descriptor) noexcept : descriptor_(std::move(descriptor)) {}

  /// As open(2): links are followed. For paths that lead nowhere that the caller could not go himself.
  static Directory open(const std::string& path);
  /// The same, made with those above it where missing; what is made gets this mode whatever the umask is.
  static Directory open_or_make(const std::string& path, mode_t mode);
  /// By an absolute path that has no links: one on the way is an error (ELOOP or ENOTDIR).
  static Directory open_without_links(const std::string& path);

  int fd() const noexcept { return descriptor_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(descriptor_); }
  /// Where it is now, by the kernel; empty where it is nowhere any more, or /proc can't be asked.
  std::string path() const;

  struct stat status() const;
  bool is_empty() const;
  /// Names and nothing else; without "." and "..".
  std::vector<std::string> names() const;

  /// The one above it, wherever it is by now.
  Directory parent() const;
  Directory open_below(const std::string& name) const;
  /// Likewise along several names with slashes between; those missing are made. What is made is the caller's.
  Directory open_or_make_below(const std::string& names, mode_t mode) const;
  /// Of an existing file of any type: an O_PATH descriptor, of a link itself where it is one.
  Fd find(const std::string& name) const;

  /// A new one: that it is the one just made, and nobody else's, has been looked at.
  Directory make(const std::string& name, mode_t mode) const;
  /// A new regular file, open for writing, in the place of what has the name.
  Fd make_file(const std::string& name, mode_t mode) const;
  /// Something to mount a file or a directory on: what has the name, or a new one.
  Fd make_mount_point(const std::string& name, bool is_directory) const;

  /// Ids of -1 stay.
  void set_owner(uid_t uid, gid_t gid) const;
  void set_mode(mode_t mode) const;

  /// Removes all that is in it, in any depth; not what is mounted there, nor below that. Returns whether it
  /// is empty now.
  bool remove_contents() const noexcept;
  /// Removes an empty directory, if `name` still is `which`.
  void remove(const std::string& name, const Directory& which) const noexcept;

 private:
  Fd descriptor_;
};

/// Whether both are the same file or directory; false where one can't be looked at.
bool is_same(int one, int other) noexcept;
/// "/proc/self/fd/N": for system calls that take a path only. It leads to the descriptor's own file, and
/// nowhere else.
std::string descriptor_path(int descriptor);
/// An O_PATH descriptor by an absolute path that has no links, not at its end either, as one sees it whose
/// root is the directory `root`. With kAskNobody not through another user's mount (Mounter::kAnother; EACCES)
/// either.
enum class Ways { kAny, kAskNobody };
Fd open_path_without_links(const std::string& path, Ways ways = Ways::kAny, const std::string& root = "/");
/// Where a descriptor's file is now; empty as with Directory::path().
std::string path_of(int descriptor);

}  // namespace nslaunch::sys
