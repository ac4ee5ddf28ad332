#include "registry/place/locked_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "registry/place/private_umask.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::registry {
namespace {

constexpr unsigned kTries = 20;

sys::Fd make_file(int directory, const std::string& name) {
  const PrivateUmask umask;
  return sys::Fd(
      sys::check(::openat(directory, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600),
                 "making {}", name));
}

bool has_a_name(const sys::Fd& file) {
  struct stat status = {};
  return ::fstat(file.get(), &status) == 0 && status.st_nlink > 0;
}

}  // namespace

LockedFile make_locked_file(int directory, const std::function<std::string(unsigned)>& name_of) {
  for (unsigned tried = 0; tried < kTries; ++tried) {
    LockedFile file{{}, name_of(tried)};
    file.fd = make_file(directory, file.name);
    try {
      if (sys::try_write_lock(file.fd.get()) && has_a_name(file.fd)) return file;
    } catch (const Error&) {  // a file system without locks
      ::unlinkat(directory, file.name.c_str(), 0);
      throw;
    }
  }
  throw Error(sys::errno_code(EAGAIN), "locking a file of the registry");
}

}  // namespace nslaunch::registry
