#include "run/show/spool.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/files/mounter.hpp"

namespace nslaunch::run {
namespace {

struct Header {
  std::uint32_t size;
  Stream stream;
};

/// Most shards write less, and creating a file on ext4 takes half as long as a launch.
constexpr std::size_t kMostInMemory = 64 << 10;

sys::Fd nameless_file() {
  const char* path = std::getenv("TMPDIR");
  const sys::Fd directory(
      ::open(path != nullptr && *path != '\0' ? path : "/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC));
  sys::Fd file;
  // A user's FUSE server would receive the commands' output, and decide what we read back.
  if (directory && sys::mounter_of(directory.get()) != sys::Mounter::kAnother)
    file.reset(::openat(directory.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600));
  if (!file) file.reset(::memfd_create("output", MFD_CLOEXEC));
  return file;
}

}  // namespace

/// Returns 0 or an errno.
int Spool::move_to_file() {
  auto file = nameless_file();
  if (!file) return errno;
  if (const int error = sys::write_all(file.get(), memory_); error != 0) return error;
  file_ = std::move(file);
  memory_ = {};
  return 0;
}

/// Returns 0 or an errno.
int Spool::write(std::string_view header, std::string_view bytes) {
  const auto size = header.size() + bytes.size();
  if (!file_ && written_ + size <= kMostInMemory) {
    memory_.append(header).append(bytes);
    return 0;
  }
  if (!file_) {
    if (const int error = move_to_file(); error != 0) return error;
  }
  const std::array<iovec, 2> parts = {
      {{const_cast<char*>(header.data()), header.size()}, {const_cast<char*>(bytes.data()), bytes.size()}}};
  const auto taken = sys::retry_on_eintr(
      [&] { return ::pwritev(file_.get(), parts.data(), 2, static_cast<off_t>(written_)); });
  if (taken < 0) return errno;
  return taken == static_cast<ssize_t>(size) ? 0 : ENOSPC;
}

void Spool::append(Stream stream, std::string_view bytes) {
  if (!problem_.empty() || bytes.empty()) return;
  const Header header = {static_cast<std::uint32_t>(bytes.size()), stream};
  const std::string_view header_bytes(reinterpret_cast<const char*>(&header), sizeof header);
  if (const int error = write(header_bytes, bytes); error != 0) {
    problem_ = sys::errno_code(error).message();
    return;
  }
  written_ += sizeof header + bytes.size();
  size_ += bytes.size();
}

bool Spool::read(std::uint64_t at, char* into, std::size_t size) const {
  if (!file_) return memory_.copy(into, size, at) == size;
  return ::pread(file_.get(), into, size, static_cast<off_t>(at)) == static_cast<ssize_t>(size);
}

bool Spool::next(Stream& stream, std::string& bytes) {
  if (read_ >= written_) return false;
  Header header = {};
  if (!read(read_, reinterpret_cast<char*>(&header), sizeof header)) return false;
  if (header.stream > Stream::kErr || header.size > written_ - read_ - sizeof header) return false;
  bytes.resize(header.size);
  if (!read(read_ + sizeof header, bytes.data(), bytes.size())) return false;
  stream = header.stream;
  read_ += sizeof header + header.size;
  return true;
}

}  // namespace nslaunch::run
