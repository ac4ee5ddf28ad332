#include "sys/base/fd.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <numeric>

#include "sys/base/check.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::sys {

void Fd::reset(int number) noexcept {
  const int error = errno;  // of an earlier failure that the caller reports
  if (number_ >= 0) ::close(number_);
  errno = error;
  number_ = number;
}

Pipe make_pipe() {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC), "making a pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

namespace {

/// Falls back to an empty memfd if there is no /dev/null.
Fd open_null(int flags) {
  Fd null(::open("/dev/null", flags | O_CLOEXEC));
  if (!null) null.reset(::memfd_create("null", MFD_CLOEXEC));
  return null;
}

}  // namespace

std::optional<int> descriptor_named(std::string_view path) noexcept {
  if (path == "/dev/stdin") return STDIN_FILENO;
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view directory : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(directory)) continue;
    const auto number = whole_number<int>(path.substr(directory.size()));
    if (number && *number >= 0) return number;
  }
  return std::nullopt;
}

void guard_standard_streams() {
  for (int number = 0; number <= 2; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // The lowest free number is this one: those below are open or were filled before.
    check(open_null(O_PATH).release(), "opening /dev/null in place of closed stream {}", number);
  }
}

namespace {

/// The open descriptors according to /proc, or else all numbers up to the limit.
std::vector<unsigned> open_numbers() {
  std::vector<unsigned> numbers;
  std::error_code unseen;
  for (std::filesystem::directory_iterator each("/proc/self/fd", unseen), end; !unseen && each != end;
       each.increment(unseen)) {
    numbers.push_back(whole_number<unsigned>(each->path().filename().native()).value_or(0));
  }
  if (!unseen) return numbers;
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  numbers.resize(static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, 1U << 20)));
  std::iota(numbers.begin(), numbers.end(), 0U);
  return numbers;
}

/// Kernels before 5.9 have no close_range, and seccomp filters older than it reject it.
void close_between(unsigned first, unsigned last) {
  if (::close_range(first, last, 0) == 0) return;
  for (const unsigned number : open_numbers()) {
    if (number >= first && number <= last) ::close(static_cast<int>(number));
  }
}

}  // namespace

void close_all_except(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned next = 0;
  for (const int number : keep) {
    if (number < 0) continue;
    const auto kept = static_cast<unsigned>(number);
    if (kept > next) close_between(next, kept - 1);
    next = std::max(next, kept + 1);
  }
  close_between(next, ~0U);
}

std::vector<int> closed_by_exec() {
  std::vector<int> found;
  for (const unsigned open : open_numbers()) {
    const int number = static_cast<int>(open);
    const int flags = ::fcntl(number, F_GETFD);
    if (number > 2 && flags >= 0 && (flags & FD_CLOEXEC) != 0) found.push_back(number);
  }
  return found;
}

void detach_input_and_output() noexcept {
  // Closed first: at the limit on descriptors only this number, the lowest, is free.
  ::close(STDIN_FILENO);
  if (const int null = open_null(O_RDWR).release(); null >= 0) {
    ::dup3(null, STDOUT_FILENO, O_CLOEXEC);
  } else {
    ::close(STDOUT_FILENO);
  }
}

DescriptorLimit::DescriptorLimit(rlim_t wanted) noexcept {
  if (::getrlimit(RLIMIT_NOFILE, &before_) != 0) return;
  const rlimit limit = {std::min(wanted, before_.rlim_max), before_.rlim_max};
  changed_ = ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
  now_ = changed_ ? limit.rlim_cur : before_.rlim_cur;
}

DescriptorLimit::~DescriptorLimit() {
  if (changed_) ::setrlimit(RLIMIT_NOFILE, &before_);
}

rlim_t descriptor_limit() noexcept {
  rlimit limit = {};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

}  // namespace nslaunch::sys
