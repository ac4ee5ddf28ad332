#pragma once

#include <fcntl.h>

#include <optional>
#include <string>
#include <string_view>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// Whether any component of `path` is a symbolic link, or this is unknown (before Linux 5.6); what does not
/// exist is no link.
bool may_lead_through_link(const std::string& path) noexcept;

/// Opens, close-on-exec, without following magic links of /proc (/proc/self/cwd, /proc/1/root): they bypass
/// path lookup, and so lead past what would stop a path, even into other mount namespaces. Before Linux 5.6
/// they are followed. Empty, with errno set, if that fails.
Fd open_without_magic_links(const std::string& path, int flags) noexcept;

/// Whether a file is in /proc, or this is unknown.
bool lies_in_proc(int file) noexcept;

/// Opens, close-on-exec, an entry that is no link and no mount point (EXDEV): a user's program (FUSE) could
/// block its callers. Before Linux 5.6 a mount is entered. Empty, with errno set, if that fails.
Fd open_on_same_mount(int directory, const char* name, int flags) noexcept;

/// Opens close-on-exec. Throws Error if that fails.
Fd open_file(const std::string& path, int flags, mode_t mode = 0);

/// The whole file, at most `limit` bytes of it; nothing if it can't be read (errno is kept).
std::optional<std::string> read_file(const char* path, std::size_t limit = 1 << 20);
std::optional<std::string> read_file_at(int dirfd, const char* path, std::size_t limit = 1 << 20);

/// The rest of an open file, at most `limit` bytes of it; nothing if it can't be read (errno is kept).
std::optional<std::string> read_rest(int fd, std::size_t limit);

/// A setting of /proc/sys, read with one read(2), without its newline; nothing if it can't be read.
std::optional<std::string> read_setting_at(int dirfd, const char* path);

/// Writes `content` with one write(2), as /proc files require. Returns 0 or an errno.
int write_file(const char* path, std::string_view content) noexcept;
int write_file_at(int dirfd, const char* path, std::string_view content) noexcept;

/// Writes all of `content`, despite interruptions and short writes. Returns 0 or an errno.
int write_all(int fd, std::string_view content) noexcept;

/// Open-file-description locks on a whole file: they belong to the open file, not to the process, and so
/// survive the closing of another descriptor on it. True: taken. False: it is held elsewhere.
bool try_write_lock(int fd);
/// Whether a write lock is held elsewhere; works on a read-only descriptor.
bool is_write_locked(int fd);

}  // namespace nslaunch::sys
