#include "run/spool.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "sys/check.hpp"

namespace nslaunch::run {
namespace {

struct Header {
  std::uint32_t size;
  Stream stream;
};

sys::Fd nameless_file() {
  const char* folder = std::getenv("TMPDIR");
  sys::Fd file(::open(folder != nullptr && *folder != '\0' ? folder : "/tmp",
                      O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600));
  if (!file) file.reset(::memfd_create("output", MFD_CLOEXEC));
  sys::check(file.get(), "making a file for a shard's output");
  return file;
}

}  // namespace

Spool::Spool() : file_(nameless_file()) {}

void Spool::append(Stream stream, std::string_view bytes) {
  if (!problem_.empty() || bytes.empty()) return;
  Header header = {static_cast<std::uint32_t>(bytes.size()), stream};
  const std::array<iovec, 2> parts = {
      {{&header, sizeof header}, {const_cast<char*>(bytes.data()), bytes.size()}}};
  const auto whole = static_cast<ssize_t>(sizeof header + bytes.size());
  const auto taken = sys::retry_on_eintr(
      [&] { return ::pwritev(file_.get(), parts.data(), 2, static_cast<off_t>(written_)); });
  if (taken != whole) {
    problem_ = sys::errno_code(taken < 0 ? errno : ENOSPC).message();
    return;
  }
  written_ += static_cast<std::uint64_t>(whole);
  size_ += bytes.size();
}

bool Spool::next(Stream& stream, std::string& bytes) {
  if (read_ >= written_) return false;
  Header header = {};
  if (::pread(file_.get(), &header, sizeof header, static_cast<off_t>(read_)) != sizeof header) return false;
  bytes.resize(header.size);
  const auto offset = static_cast<off_t>(read_ + sizeof header);
  if (::pread(file_.get(), bytes.data(), bytes.size(), offset) != static_cast<ssize_t>(bytes.size()))
    return false;
  stream = header.stream;
  read_ += sizeof header + header.size;
  return true;
}

}  // namespace nslaunch::run
