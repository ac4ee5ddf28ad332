#include "support/fuse_folder.hpp"

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "support/skip.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"

namespace nslaunch::test {
namespace {

fuse_attr folder_of(uid_t owner, std::uint64_t inode) {
  fuse_attr attributes = {};
  attributes.uid = owner;
  attributes.ino = inode;
  attributes.mode = S_IFDIR | 0755;
  attributes.nlink = 2;
  return attributes;
}

void answer(int device, std::uint64_t request, int error, const void* data, std::size_t size) {
  fuse_out_header header = {static_cast<std::uint32_t>(sizeof(header) + size), -error, request};
  iovec parts[] = {{&header, sizeof header}, {const_cast<void*>(data), size}};
  [[maybe_unused]] const auto written = ::writev(device, parts, size == 0 ? 1 : 2);
}

template <typename Out>
void answer_with(int device, std::uint64_t request, const Out& out) {
  answer(device, request, 0, &out, sizeof out);
}

void introduce(int device, std::uint64_t request) {
  fuse_init_out out = {};
  out.major = FUSE_KERNEL_VERSION;
  out.minor = 31;
  out.max_write = 4096;
  answer_with(device, request, out);
}

}  // namespace

FuseFolder::FuseFolder(const std::string& path, uid_t uid, gid_t gid, Shows shows)
    : path_(path),
      owner_(shows == Shows::kOwn ? uid : 0),
      is_deaf_to_root_(shows == Shows::kOwn),
      device_(::open("/dev/fuse", O_RDWR | O_CLOEXEC)) {
  if (!device_) SKIP_TEST("there is no FUSE here");
  std::filesystem::create_directory(path);
  const auto options = fmt::format("fd={},rootmode=40000,user_id={},group_id={},allow_other{}", device_.get(),
                                   uid, gid, shows == Shows::kRootsUnchecked ? "" : ",default_permissions");
  // A source that looks like an option, as its user may call it.
  if (::mount("user_id=0", path.c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
    SKIP_TEST("no FUSE can be mounted here");
  server_ = std::thread([this] { serve(); });
}

FuseFolder::~FuseFolder() {
  ::umount2(path_.c_str(), MNT_FORCE | MNT_DETACH);
  if (server_.joinable()) server_.join();
}

/// Until the mount is gone.
void FuseFolder::serve() {
  std::vector<char> request(FUSE_MIN_READ_BUFFER + 4096);
  for (;;) {
    const auto count =
        sys::retry_on_eintr([&] { return ::read(device_.get(), request.data(), request.size()); });
    if (count < static_cast<ssize_t>(sizeof(fuse_in_header))) return;
    fuse_in_header header = {};
    std::memcpy(&header, request.data(), sizeof header);
    if (header.opcode == FUSE_FORGET || header.opcode == FUSE_BATCH_FORGET) continue;
    if (header.opcode != FUSE_INIT && is_deaf_to_root_ && header.uid == 0) continue;
    if (header.opcode == FUSE_INIT) {
      introduce(device_.get(), header.unique);
    } else if (header.opcode == FUSE_GETATTR) {
      fuse_attr_out out = {};
      out.attr = folder_of(owner_, header.nodeid);
      answer_with(device_.get(), header.unique, out);
    } else if (header.opcode == FUSE_STATFS) {
      answer_with(device_.get(), header.unique, fuse_statfs_out{});
    } else if (header.opcode == FUSE_MKDIR) {
      if (header.uid == 0) changed_ = true;
      fuse_entry_out out = {};
      out.nodeid = 2;
      out.attr = folder_of(owner_, 2);
      answer_with(device_.get(), header.unique, out);
    } else {
      answer(device_.get(), header.unique, header.opcode == FUSE_LOOKUP ? ENOENT : ENOSYS, nullptr, 0);
    }
  }
}

}  // namespace nslaunch::test
