#pragma once

#include <cstdint>
#include <string>

namespace nslaunch::ns {

// All of these are called by init, in the shard's own mount namespace, and throw Error.

/// Mounts made here are not seen outside; those made outside still arrive.
void stop_mount_propagation();

void mount_proc();

/// A fresh tmpfs, nosuid and nodev. `size` in bytes, 0: the kernel's default (half of the memory).
void mount_tmpfs(const std::string& target, unsigned mode, std::uint64_t size);

/// Makes what `source_fd` (an O_PATH descriptor) stands for visible at `target`, with what is mounted
/// below it; makes the target, a folder or a file, where it is missing.
void bind(int source_fd, const std::string& target, bool is_directory);

/// A fresh view of the shard's own POSIX message queues, where the host shows its own.
void mount_mqueue();

}  // namespace nslaunch::ns
