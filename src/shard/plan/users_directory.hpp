#pragma once

#include <nslaunch/spec.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sys/files/directory.hpp"
#include "sys/files/for_user.hpp"

namespace nslaunch::shard {

/// The user that root runs the command as; nullptr where it is whom nslaunch itself runs as.
const UserIds* other_user(const ShardSpec& spec) noexcept;

struct UsersDirectory {
  sys::Directory directory;
  /// Nobody but root has had a say in where it lies.
  bool is_roots = true;
};

/// What to call a directory in an error, and what to advise.
struct DirectoryWords {
  const char* option;
  const char* advice;
};

/// Opens a directory that the command is to write to, made with `mode` where missing, as the command's user
/// (sys/for_user). Throws Error.
UsersDirectory make_users_directory(const ShardSpec& spec, const std::string& path, mode_t mode,
                                    const DirectoryWords& words, std::size_t names_of_list = 0);

/// The same, for --private, which covers it: the user's own, or one to which none of the user's links leads.
sys::Directory make_private_directory(const ShardSpec& spec, const std::string& path,
                                      sys::RootsPart roots_part = sys::RootsPart::kGive);

/// The directory that is to be the shard's /tmp: the user's own, or one that root alone can have named, and
/// the user may write to it. Throws Error.
sys::Directory open_tmp_directory(const ShardSpec& spec, const std::string& path);

/// An O_PATH descriptor of what the command is to see, opened as the command's user. Throws Error.
sys::Fd open_for_command(const ShardSpec& spec, const std::string& path);

/// What `look` says as the command's user: in a child, where that is another. Throws Error, also where a
/// signal comes that would end the caller.
std::string look_as_user(const ShardSpec& spec, const std::function<std::string()>& look);

/// Whether the command could open it so.
bool is_reachable(const ShardSpec& spec, const std::string& path);

/// What `open` opens as this user, in a child that has no other descriptor than `directory`. Throws Error
/// where it does, or no child can be had.
sys::Fd open_as_other_user(const UserIds& user, int directory, const std::function<sys::Fd()>& open);

/// Where an opened file is now, by a path without links; empty where it is nowhere any more, or that can't be
/// told. Throws Error where a user keeps who looks waiting.
std::string path_of(const ShardSpec& spec, int place);

/// The same, as it was asked for where nothing better can be had.
std::string path_without_links(const ShardSpec& spec, int place, const std::string& asked);

/// A directory for results: as the caller's umask has it.
mode_t mode_of_results() noexcept;

/// A new file in a directory for results, in the place of what has the name, and the command's user's. Throws
/// Error.
sys::Fd make_result(const ShardSpec& spec, const sys::Directory& directory, const std::string& name);

/// What has been opened outside, once more in the shard's own mount namespace, where alone it can be mounted
/// on or bound (K8); `path` has no links. Throws Error: (ESTALE) where somebody has put something else there,
/// or its mount forbids more or less than then; (EACCES) where it leads through another user's mount by now.
sys::Fd reopen_in_shard(const ShardSpec& spec, const std::string& path, int outside);

/// Runs `mount`, which mounts over what may be another user's: who holds its lock keeps waiting whoever does
/// that (K66). In a child with the descriptors in `used`, where there is such a user. Throws Error.
void mount_on_users(const ShardSpec& spec, const std::vector<int>& used, const std::function<void()>& mount);

/// What is to be seen in one of the shard's own views, which nothing outside is the same as; `views`: their
/// mounts (sys::mount_id_of). The command's user may have moved directories since, and put links there: it is
/// opened as that user, without links, and taken only if it lies in a view. Throws Error.
sys::Fd open_in_view(const ShardSpec& spec, const std::string& path, const std::vector<std::uint64_t>& views);

}  // namespace nslaunch::shard
