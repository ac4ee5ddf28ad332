#include "support/fuse_directory.hpp"

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
#include <string_view>
#include <utility>
#include <vector>

#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

constexpr std::uint64_t kLink = 3;
constexpr std::string_view kTarget = "/proc/self/cwd";

fuse_attr attributes_of(uid_t owner, std::uint64_t inode) {
  fuse_attr attributes = {};
  attributes.uid = owner;
  attributes.ino = inode;
  attributes.mode = inode == kLink ? S_IFLNK | 0777 : S_IFDIR | 0755;
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

void answer_entry(int device, std::uint64_t request, const fuse_attr& attributes) {
  fuse_entry_out out = {};
  out.nodeid = attributes.ino;
  out.attr = attributes;
  answer_with(device, request, out);
}

void introduce(int device, std::uint64_t request) {
  fuse_init_out out = {};
  out.major = FUSE_KERNEL_VERSION;
  out.minor = 31;
  out.max_write = 4096;
  answer_with(device, request, out);
}

}  // namespace

FuseDirectory::FuseDirectory(const std::string& path, uid_t uid, gid_t gid, Shows shows)
    : path_(path),
      owner_(shows == Shows::kOwn ? uid : 0),
      shows_(shows),
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

FuseDirectory::~FuseDirectory() {
  ::umount2(path_.c_str(), MNT_FORCE | MNT_DETACH);
  if (server_.joinable()) server_.join();
}

/// Until the mount is gone.
void FuseDirectory::serve() {
  std::vector<char> request(FUSE_MIN_READ_BUFFER + 4096);
  for (;;) {
    const auto count =
        sys::retry_on_eintr([&] { return ::read(device_.get(), request.data(), request.size()); });
    if (count < static_cast<ssize_t>(sizeof(fuse_in_header))) return;
    fuse_in_header header = {};
    std::memcpy(&header, request.data(), sizeof header);
    if (header.opcode == FUSE_FORGET || header.opcode == FUSE_BATCH_FORGET) continue;
    if (header.opcode == FUSE_INIT)
      introduce(device_.get(), header.unique);
    else if (!is_deaf_to(header.uid))
      answer_request(header.opcode, header.unique, header.nodeid, header.uid);
  }
}

bool FuseDirectory::is_deaf_to(uid_t user) const noexcept {
  return shows_ == Shows::kNothing || (shows_ == Shows::kOwn && user == 0);
}

void FuseDirectory::answer_request(std::uint32_t operation, std::uint64_t request, std::uint64_t inode,
                                   uid_t user) {
  if (operation == FUSE_GETATTR) {
    fuse_attr_out out = {};
    out.attr = attributes_of(owner_, inode);
    answer_with(device_.get(), request, out);
  } else if (operation == FUSE_STATFS) {
    answer_with(device_.get(), request, fuse_statfs_out{});
  } else if (operation == FUSE_MKDIR) {
    if (user == 0) changed_ = true;
    answer_entry(device_.get(), request, attributes_of(owner_, 2));
  } else if (operation == FUSE_READLINK) {
    answer(device_.get(), request, 0, kTarget.data(), kTarget.size());
  } else if (operation == FUSE_LOOKUP) {
    answer_look(request);
  } else {
    answer(device_.get(), request, ENOSYS, nullptr, 0);
  }
}

void FuseDirectory::answer_look(std::uint64_t request) {
  if (shows_ != Shows::kLinkAtSecondLook) return answer(device_.get(), request, ENOENT, nullptr, 0);
  if (std::exchange(was_looked_for_, true))
    return answer_entry(device_.get(), request, attributes_of(owner_, kLink));
  answer(device_.get(), request, EPERM, nullptr, 0);
}

}  // namespace nslaunch::test
