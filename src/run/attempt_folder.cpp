#include "run/attempt_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sys/check.hpp"
#include "sys/files.hpp"
#include "sys/text.hpp"

namespace nslaunch::run {

sys::Fd open_attempt_folder(const std::string& path, const ShardSpec& spec) {
  auto folder = sys::open_file(path, O_PATH | O_DIRECTORY);
  struct stat status = {};
  sys::check(::fstat(folder.get(), &status), "looking at {}", path);
  if (spec.user && status.st_uid != spec.user->uid) {
    throw Error(sys::errno_code(EPERM),
                fmt::format("using {} for --artifacts: it belongs to user {}, and not to {}",
                            sys::escape(path), status.st_uid, spec.user->uid),
                "A command of this run, or somebody else, has put it there.");
  }
  return folder;
}

sys::Fd make_file_in(const sys::Fd& folder, const char* name) {
  ::unlinkat(folder.get(), name, 0);
  const int number = ::openat(folder.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  return sys::Fd(sys::check(number, "making {} in an artifacts folder", name));
}

}  // namespace nslaunch::run
