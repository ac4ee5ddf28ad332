#pragma once

#include <nslaunch/spec.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sys/files/directory.hpp"
#include "sys/files/for_user.hpp"

namespace nslaunch::shard {

struct UsersDirectory {
  sys::Directory directory;
  /// Root alone has decided where it lies.
  bool is_roots = true;
};

/// The option to name in an error, and the advice to give.
struct DirectoryWords {
  const char* option;
  const char* advice;
};

/// Opens a directory that the command writes to, as the command's user; created with `mode` if missing
/// (sys/for_user). Throws Error.
UsersDirectory make_users_directory(const ShardSpec& spec, const std::string& path, mode_t mode,
                                    const DirectoryWords& words, std::size_t names_of_list = 0);

/// The same for --private, which covers it: a directory of the user's, or one to which no link of the user's
/// leads.
sys::Directory make_private_directory(const ShardSpec& spec, const std::string& path,
                                      sys::RootsPart roots_part = sys::RootsPart::kGive);

/// Opens the directory for the shard's /tmp: the user's own, or one that root alone can have named; either
/// way the user may write to it. Throws Error.
sys::Directory open_tmp_directory(const ShardSpec& spec, const std::string& path);

/// Opens what the command is to see, with O_PATH and as the command's user. Throws Error.
sys::Fd open_for_command(const ShardSpec& spec, const std::string& path);

/// Returns the result of `look`, run as the command's user: in a child if that is another user. Throws Error,
/// also if a signal arrives that would end the caller.
std::string look_as_user(const ShardSpec& spec, const std::function<std::string()>& look);

/// Whether open_for_command() can open it.
bool is_reachable(const ShardSpec& spec, const std::string& path);

/// Runs `open` as this user, in a child that has no descriptor but `directory`, and returns what it opens.
/// Throws Error if `open` does, or if no child can be started.
sys::Fd open_as_other_user(const UserIds& user, int directory, const std::function<sys::Fd()>& open);

/// The current path of an opened file, without links; empty if it no longer has one, or it can't be
/// determined. Throws Error if a user blocks the lookup.
std::string path_of(const ShardSpec& spec, int place);

/// The same, or `asked` if nothing better is known.
std::string path_without_links(const ShardSpec& spec, int place, const std::string& asked);

/// The mode of a directory for results, according to the caller's umask.
mode_t mode_of_results() noexcept;

/// Creates a file in a directory for results, owned by the command's user; it replaces any file of that name.
/// Throws Error.
sys::Fd make_result(const ShardSpec& spec, const sys::Directory& directory, const std::string& name);

/// Reopens what was opened outside in the shard's own mount namespace, since only there it can be mounted on
/// or bound (K8); `path` has no links. Throws Error: (ESTALE) if another process has put something else
/// there, or its mount has more or fewer restrictions than before; (EACCES) if it leads through another
/// user's mount by now.
sys::Fd reopen_in_shard(const ShardSpec& spec, const std::string& path, int outside);

/// Runs `mount`, which mounts over what may be another user's: a process that holds its lock blocks that
/// (K66). If there is such a user, it runs in a child with the descriptors in `used`. Throws Error.
void mount_on_users(const ShardSpec& spec, const std::vector<int>& used, const std::function<void()>& mount);

/// Opens a path in one of the shard's own views, for which there is nothing outside to compare with; `views`:
/// their mounts (sys::mount_id_of). The command's user may have moved directories and created links there
/// since: it is opened as that user, without links, and accepted only if it lies in a view. Throws Error.
sys::Fd open_in_view(const ShardSpec& spec, const std::string& path, const std::vector<std::uint64_t>& views);

}  // namespace nslaunch::shard
