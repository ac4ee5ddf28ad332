#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <nslaunch/error.hpp>
#include <nslaunch/given_file.hpp>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "ns/capabilities.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/files/directory.hpp"
#include "sys/files/for_user.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch {
namespace {

constexpr std::size_t kLargest = std::size_t{256} << 20;
constexpr std::chrono::seconds kReadingLimit{10};
/// Prefix of what a child has read.
const std::string kRead = "read ";
constexpr int kReading = O_RDONLY | O_NOCTTY;

struct Content {
  std::string text{};
  int error = 0;
};

Content read_opened(const sys::Fd& file) {
  auto text = file ? sys::read_rest(file.get(), kLargest + 1) : std::nullopt;
  if (!text) return {.error = errno};
  if (text->size() > kLargest) return {.error = EFBIG};
  return {.text = std::move(*text)};
}

/// Whether this process may access it by more than the user's rights: its own memory map in /proc, or a
/// terminal.
bool is_somebodys_own(const sys::Fd& file) {
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return true;
  const bool is_null = S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
  return sys::lies_in_proc(file.get()) || (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode) && !is_null);
}

/// In a child that has become the user.
sys::Fd open_for_user(const std::string& path) {
  auto file = sys::open_without_magic_links(path, kReading);
  if (!file || !is_somebodys_own(file)) return file;
  errno = EACCES;
  return {};
}

Content read_as(const UserIds& user, const std::string& given_path) {
  std::error_code unknown;  // relative to our directory: the child has another
  const auto path = std::filesystem::absolute(given_path, unknown).string();
  if (unknown) return {.error = unknown.value()};
  const auto work = [&] {
    const auto content = read_opened(open_for_user(path));
    return content.error != 0 ? sys::Answer::of_error(content.error)
                              : sys::Answer{.text = kRead + content.text};
  };
  sys::Answer answer;
  try {
    answer = sys::as_user(user.uid, user.gid, {user.groups.begin(), user.groups.end()}, kReadingLimit, work,
                          sys::Signals::kEndIt);
  } catch (const Error& error) {
    return {.error = error.code().value()};
  }
  if (answer.text.starts_with(kRead)) return {.text = answer.text.substr(kRead.size())};
  const int error = answer.error();
  const auto place = error == EACCES || error == EPERM ? sys::find_on_roots_way(path) : sys::Fd();
  if (!place) return {.error = error};
  return read_opened(sys::Fd(::open(sys::descriptor_path(place.get()).c_str(), kReading | O_CLOEXEC)));
}

/// For example a file of root's in a sticky directory, which this user could have moved there.
constexpr const char* kAdviceToMove =
    "Root reads for that user what he may read, or what lies below root's own directories: look whether "
    "it is what you have put there, and name it there.";
/// For a file that blocks its reader.
constexpr const char* kAdviceToWrite = "If it is a FIFO, somebody has to write to it within 10 s.";

}  // namespace

std::string read_given_file(const GivenFile& given, const UserIds* reader) {
  const bool is_oneself =
      reader == nullptr || sys::descriptor_named(given.path) || !ns::effective_capabilities().set_ids;
  auto content = is_oneself ? read_opened(sys::Fd(::open(given.path.c_str(), kReading | O_CLOEXEC)))
                            : read_as(*reader, given.path);
  if (content.error == 0) return std::move(content.text);
  if (is_oneself) throw Error(sys::errno_code(content.error), given.doing, given.advice);
  const bool is_refused = content.error == EACCES || content.error == EPERM;
  throw Error(sys::errno_code(content.error), fmt::format("{} as user {}", given.doing, reader->uid),
              is_refused                   ? kAdviceToMove
              : content.error == ETIMEDOUT ? kAdviceToWrite
                                           : given.advice);
}

}  // namespace nslaunch
