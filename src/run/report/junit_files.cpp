#include "run/report/junit_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <sstream>

#include "run/report/find_files.hpp"
#include "shard/plan/users_directory.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch::run {
namespace {

constexpr std::chrono::seconds kReadingLimit{10};

std::int64_t in_milliseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

/// Not by a link of /proc, nor waiting for the other end of a pipe; nothing for what is no file, or not asked
/// for.
std::optional<ReadFile> read_one(const std::string& path, const FileSearch& search, std::size_t most) {
  ReadFile read{.path = path};
  const auto file = sys::open_without_magic_links(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status = {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    read.error = errno;
    return errno == ENOENT || errno == ENXIO ? std::nullopt : std::optional(read);
  }
  // What it may read of itself there is not the user's.
  if (sys::lies_in_proc(file.get())) return std::nullopt;
  read.version = {status.st_dev, status.st_ino, in_milliseconds(status.st_mtim)};
  if (!S_ISREG(status.st_mode) || std::get<2>(read.version) < search.not_before ||
      search.known.contains(read.version))
    return std::nullopt;
  auto text = sys::read_rest(file.get(), most);
  read.error = text ? 0 : errno;
  if (text) read.text = std::move(*text);
  return read;
}

std::vector<ReadFile> read_all(FileSearch search) {
  std::vector<ReadFile> files;
  std::size_t size = 0;
  for (const auto& [directory, pattern] : search.places) {
    const auto paths = find_files(directory, pattern);
    if (paths.size() == kMostFound) files.push_back({.path = pattern, .error = EFBIG});
    for (const auto& path : paths) {
      auto read = read_one(path, search, kMostRead - size);
      if (!read) continue;
      size += read->path.size() + read->text.size();
      if (size > kMostRead) {
        files.push_back({.path = path, .error = EFBIG});
        return files;
      }
      search.known.insert(read->version);
      files.push_back(std::move(*read));
    }
  }
  return files;
}

/// In a child, which works elsewhere.
std::vector<ReadFile> read_all_from(int working_directory, FileSearch search) {
  if (::fchdir(working_directory) == 0) return read_all(std::move(search));
  const int error = errno;  // it is closed to the user
  const auto closed = std::erase_if(search.places, [](const auto& place) {
    return !place.first.starts_with('/') && !place.second.starts_with('/');
  });
  auto files = read_all(std::move(search));
  if (closed > 0) files.push_back({.path = ".", .error = error});
  return files;
}

std::string pack(const std::vector<ReadFile>& files) {
  std::string packed;
  for (const auto& file : files) {
    const auto& [device, inode, time] = file.version;
    packed += fmt::format("{} {} {} {} {} {} ", file.error, device, inode, time, file.path.size(),
                          file.text.size());
    packed.append(file.path).append(file.text);
  }
  return packed;
}

std::vector<ReadFile> unpack(const std::string& packed) {
  std::vector<ReadFile> files;
  std::istringstream rest(packed);
  ReadFile file;
  auto& [device, inode, time] = file.version;
  for (std::size_t path = 0, text = 0; rest >> file.error >> device >> inode >> time >> path >> text;) {
    const auto start = static_cast<std::size_t>(rest.tellg()) + 1;
    // By subtraction: the user, whose child it was, may have chosen the numbers.
    const auto left = start < packed.size() ? packed.size() - start : 0;
    if (path > left || text > left - path) break;
    file.path = packed.substr(start, path);
    file.text = packed.substr(start + path, text);
    rest.seekg(static_cast<std::streamoff>(start + path + text));
    files.push_back(file);
  }
  return files;
}

}  // namespace

std::vector<ReadFile> read_as_command(const ShardSpec& spec, const FileSearch& search) {
  const auto* user = shard::other_user(spec);
  if (user == nullptr) return read_all(search);
  const auto here = sys::open_file(".", O_PATH | O_DIRECTORY);
  const auto answer =
      sys::as_user(user->uid, user->gid, {user->groups.begin(), user->groups.end()}, kReadingLimit,
                   [&] { return sys::Answer{pack(read_all_from(here.get(), search))}; }, sys::Signals::kEndIt,
                   {here.get()});
  return unpack(answer.text);
}

}  // namespace nslaunch::run
