#include "sys/files/open_output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/text.hpp"
#include "sys/files/directory.hpp"
#include "sys/files/shared_directory.hpp"

namespace nslaunch::sys {
namespace {

bool is_fifo(int directory, const std::string& path) {
  struct stat status = {};
  return ::fstatat(directory, path.c_str(), &status, 0) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace

std::optional<Place> place_of(const std::string& path) {
  const auto slash = path.rfind('/') + 1;  // 0 if there is none
  Place place{Fd(::openat(AT_FDCWD, (path.substr(0, slash) + ".").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
              path.substr(slash)};
  if (place.directory && place.name.empty()) errno = EISDIR;
  if (!place.directory || place.name.empty()) return std::nullopt;
  return place;
}

std::string directory_without_links(int directory, const std::string& path) {
  std::error_code unknown;
  const auto named = std::filesystem::absolute(path, unknown).lexically_normal();
  auto real = path_of(directory);
  return !unknown && named.parent_path() == real ? real : std::string();
}

Fd open_output_at(int directory, const std::string& path, int more_flags,
                  std::chrono::milliseconds limit) noexcept {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const Deadline deadline(limit);
  for (;;) {
    Fd file(::openat(directory, path.c_str(), kFlags | more_flags, 0666));
    const int error = errno;
    const bool is_leased = error == EWOULDBLOCK;  // fcntl(2): its holder has just been told to give that up
    const bool may_wait = !file && (is_leased || (error == ENXIO && is_fifo(directory, path)));
    if (may_wait && !deadline.passed()) {
      ::poll(nullptr, 0, 10);  // no event reports a reader, or the end of a lease
      continue;
    }
    errno = error;
    return file;
  }
}

Fd open_output(const std::string& path, int more_flags, std::chrono::milliseconds limit) noexcept {
  return open_output_at(AT_FDCWD, path, more_flags, limit);
}

Error output_error(int error, const std::string& path, const std::string& doing,
                   const std::string& otherwise) {
  if (error == ENXIO && is_fifo(AT_FDCWD, path)) {
    return {{},
            doing + ": it is a FIFO that nobody reads",
            fmt::format("Start its reader before, for example: cat {} &", shell_quote({path}))};
  }
  if (const auto place = place_of(path);
      error == EACCES && place && is_protected_entry(place->directory.get(), place->name)) {
    return {
        errno_code(error), doing,
        "It is another user's, in a directory that everybody may write to: there Linux lets nobody be led "
        "by it (fs.protected_symlinks, protected_fifos, protected_regular). Name a file in a directory of "
        "your own."};
  }
  return {errno_code(error), doing, otherwise};
}

}  // namespace nslaunch::sys
