#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// A directory by its descriptor, and the only way to change the file system at a path (scripts/check-paths).
/// Between two system calls a user may replace a name by a link or another directory; a descriptor still
/// refers to the same one. A name passed to a member is one component: no slash, no "..", and no link is
/// followed. All members throw Error unless stated otherwise.
class Directory {
 public:
  Directory() noexcept = default;
  /// `descriptor` refers to a directory; O_PATH is enough.
  explicit Directory(Fd descriptor) noexcept : descriptor_(std::move(descriptor)) {}

  /// Like open(2), follows links. For paths that lead only where the caller could go anyway.
  static Directory open(const std::string& path);
  /// The same, but makes it and its parents if missing, with this mode whatever the umask is.
  static Directory open_or_make(const std::string& path, mode_t mode);
  /// By an absolute path without links: a link on the way is an error (ELOOP or ENOTDIR).
  static Directory open_without_links(const std::string& path);

  int fd() const noexcept { return descriptor_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(descriptor_); }
  /// Its current path, from the kernel; empty if it has none any more, or /proc can't be read.
  std::string path() const;

  struct stat status() const;
  bool is_empty() const;
  /// Names only; without "." and "..".
  std::vector<std::string> names() const;

  /// Its current parent.
  Directory parent() const;
  Directory open_below(const std::string& name) const;
  /// The same for several names separated by slashes; missing ones are made, and belong to the caller.
  Directory open_or_make_below(const std::string& names, mode_t mode) const;
  /// An O_PATH descriptor of an existing file of any type; of a link itself if it is one.
  Fd find(const std::string& name) const;

  /// Makes a new one, and checks that it is the one just made, and not another user's.
  Directory make(const std::string& name, mode_t mode) const;
  /// A new regular file, open for writing, in place of the entry of that name, unless that is another user's
  /// in a directory where others may remove only their own.
  Fd make_file(const std::string& name, mode_t mode) const;
  /// A mount point for a file or a directory: the existing entry of that name, or a new one.
  Fd make_mount_point(const std::string& name, bool is_directory) const;

  /// An id of -1 is left unchanged.
  void set_owner(uid_t uid, gid_t gid) const;
  void set_mode(mode_t mode) const;

  /// Removes everything in it, at any depth, except mounts and what is below them. Returns whether it is
  /// empty now.
  bool remove_contents() const noexcept;
  /// Removes an empty directory, if `name` still refers to `which`.
  void remove(const std::string& name, const Directory& which) const noexcept;

 private:
  Fd descriptor_;
};

/// Whether both are the same file or directory; false if one can't be inspected.
bool is_same(int one, int other) noexcept;
/// "/proc/self/fd/N": for system calls that take only a path. It leads to the descriptor's own file, and
/// nowhere else.
std::string descriptor_path(int descriptor);
/// An O_PATH descriptor for an absolute path that has no links, not at its end either, resolved from the root
/// directory `root`. With kAskNobody it does not cross another user's mount (Mounter::kAnother; EACCES)
/// either.
enum class Ways { kAny, kAskNobody };
Fd open_path_without_links(const std::string& path, Ways ways = Ways::kAny, const std::string& root = "/");
/// The current path of a descriptor's file; empty as for Directory::path().
std::string path_of(int descriptor);

}  // namespace nslaunch::sys
