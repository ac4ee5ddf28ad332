#include "cli/report_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "sys/check.hpp"
#include "sys/files.hpp"
#include "sys/log.hpp"
#include "sys/signals.hpp"
#include "sys/text.hpp"

namespace nslaunch::cli {
namespace {

/// A name for one of our own descriptors. Opened anew, a file would be written from its beginning.
std::optional<int> named_descriptor(std::string_view path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const auto digits = path.substr(folder.size());
    int number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc{} && end == digits.data() + digits.size() && number >= 0) return number;
  }
  return std::nullopt;
}

sys::Fd copy_of(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) errno = EBADF;
  const bool writable = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
  return sys::Fd(writable ? ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1);
}

/// Beside the file, so that it can take its place.
std::string temporary_name(const std::string& path) {
  const auto slash = path.rfind('/') + 1;  // 0 where there is none
  return fmt::format("{}.{}.{}.tmp", path.substr(0, slash), path.substr(slash), ::getpid());
}

/// A link stays one: what it leads to is replaced.
std::string behind_links(const std::string& path) {
  std::array<char, PATH_MAX> resolved{};
  return ::realpath(path.c_str(), resolved.data()) != nullptr ? std::string(resolved.data()) : path;
}

sys::Fd make_file(const std::string& name) {
  return sys::Fd(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
}

/// 0 or an errno.
int replace_file(const std::string& path, std::string_view text) {
  const auto temporary = temporary_name(path);
  const auto file = make_file(temporary);
  if (!file) return errno;
  int error = sys::write_all(file.get(), text);
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) ::unlink(temporary.c_str());
  return error;
}

/// 0 or the errno with which replace_file() would fail now.
int try_to_replace(const std::string& path) {
  const auto temporary = temporary_name(path);
  if (!make_file(temporary)) return errno;
  ::unlink(temporary.c_str());
  return 0;
}

sys::SignalSet all_signals() {
  sigset_t all;
  ::sigfillset(&all);
  return sys::SignalSet(all);
}

}  // namespace

ReportFile::ReportFile(const std::string& path, const std::string& option) : path_(path) {
  const std::string doing = fmt::format("opening {} for the report", sys::escape(path));
  const auto fail = [&](int error) {
    throw Error(sys::errno_code(error), doing,
                option + " takes a file in a folder that is there and can be written to.");
  };
  struct stat status = {};
  struct stat link = {};
  if (const auto descriptor = named_descriptor(path)) {
    stream_ = copy_of(*descriptor);
    if (!stream_) fail(errno);
  } else if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    stream_.reset(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!stream_) fail(errno);
  } else {
    path_ = behind_links(path);
    // A link that leads nowhere would be lost.
    if (::lstat(path_.c_str(), &link) == 0 && S_ISLNK(link.st_mode)) fail(ENOENT);
    if (const int error = try_to_replace(path_); error != 0) fail(error);
  }
}

std::vector<int> ReportFile::descriptors() const {
  return stream_ ? std::vector<int>{stream_.get()} : std::vector<int>{};
}

bool ReportFile::write(std::string_view text) {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  int error = 0;
  if (stream_) {
    error = sys::write_all(stream_.get(), text);
  } else {
    const sys::BlockedSignals no_end_halfway(all_signals());
    error = replace_file(path_, text);
  }
  if (error == 0) return true;
  sys::warn(fmt::format("the report could not be written to {}: {}", sys::escape(path_),
                        sys::errno_code(error).message()));
  return false;
}

}  // namespace nslaunch::cli
