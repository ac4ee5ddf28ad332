#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sys/base/fd.hpp"
#include "sys/files/directory.hpp"

namespace nslaunch::ns {

// All of these are called by init, in the shard's own mount namespace, and throw Error.

/// Mounts made here are not visible outside; those made outside still propagate here.
void stop_mount_propagation();

/// `hides`: with hidepid= and gid= of the existing /proc (proc(5)).
void mount_proc(bool hides);

/// A fresh tmpfs, nosuid and nodev. `size` in bytes, 0: the kernel's default (half of the memory).
void mount_tmpfs(const std::string& target, unsigned mode, std::uint64_t size);

/// By name; options without a value are flags.
using MountOptions = std::map<std::string, std::string>;

/// A new file system, not attached yet: an O_PATH descriptor of its root. `attributes`: MOUNT_ATTR_*.
sys::Fd make_mount(const char* type, const MountOptions& options, unsigned attributes);

/// A tmpfs as above with the owner and the mode of a directory, not attached yet; if the owner's id is not
/// mapped here, ours is used.
sys::Fd make_tmpfs_alike(const sys::Directory& directory);

/// Attaches the result of make_mount() over the directory `target`, on top of what is mounted there.
void attach(int mount, const sys::Directory& target);

/// Bind-mounts `source`, with the mounts below it, over `target`; both are O_PATH descriptors, opened in this
/// mount namespace (K8).
void bind(int source, int target);

/// Whether POSIX message queues are shown in this mount namespace, at /dev/mqueue.
bool has_mqueue() noexcept;

/// A fresh view of the shard's own POSIX message queues, if the host shows its own.
void mount_mqueue();

}  // namespace nslaunch::ns
