#include "registry/place/directories.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "registry/place/as_user.hpp"
#include "registry/place/places.hpp"
#include "registry/place/private_umask.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/files/mounter.hpp"

namespace nslaunch::registry {
namespace {

std::string sick(const Place& place, const std::string& why) {
  return fmt::format("the registry directory {} can't be used: {}", sys::escape(place.path), why);
}

std::string what_is_wrong(const struct stat& status, const Place& place) {
  if (status.st_uid != place.owner) return fmt::format("it belongs to user {}", status.st_uid);
  return fmt::format("its mode is {:04o} instead of 0700 ({})", status.st_mode & 07777U,
                     command_as(place.owner, {"chmod", "700", place.path}));
}

std::string why_directory_not_opened(int error) {
  if (error == ELOOP || error == ENOTDIR) return "it is a symbolic link, or no directory at all";
  return sys::errno_code(error).message();
}

std::optional<Directory> make_directory(const Place& place, std::string& problem) {
  {
    const PrivateUmask umask;
    if (::mkdir(place.path.c_str(), 0700) != 0 && errno != EEXIST) {
      problem = sick(place, "it can't be made: " + sys::errno_code(errno).message());
      return std::nullopt;
    }
  }
  auto directory = open_directory(place, problem);
  if (!directory && problem.empty()) problem = sick(place, "it was removed again");
  return directory;
}

bool is_among(const std::vector<Directory>& directories, const Directory& directory) {
  struct stat wanted = {};
  ::fstat(directory.fd.get(), &wanted);
  for (const auto& known : directories) {
    struct stat status = {};
    ::fstat(known.fd.get(), &status);
    if (status.st_dev == wanted.st_dev && status.st_ino == wanted.st_ino) return true;
  }
  return false;
}

void open_all(const std::vector<Place>& places, std::vector<Directory>& directories,
              std::vector<std::string>& problems) {
  for (const auto& place : places) {
    std::string problem;
    auto directory = open_directory(place, problem);
    if (!problem.empty()) problems.push_back(std::move(problem));
    if (directory && !is_among(directories, *directory)) directories.push_back(std::move(*directory));
  }
}

/// Looks up nothing below another user's mount (EXDEV). Empty, with errno set, on failure.
sys::Fd open_step_by_step(const std::string& path) {
  const auto name = path.rfind('/') + 1;  // 0 if there is none
  const auto above = name == 0 ? "." : path.substr(0, name);
  sys::Fd directory(::open(above.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto check = [&] {
    if (!directory || sys::mounter_of(directory.get()) != sys::Mounter::kAnother) return;
    directory.reset();
    errno = EXDEV;
  };
  check();
  if (directory)
    directory = open_in(directory.get(), [&] {
      return sys::Fd(::openat(directory.get(), path.c_str() + name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    });
  check();
  return directory;
}

}  // namespace

std::optional<Directory> open_directory(const Place& place, std::string& problem) try {
  const auto there = open_step_by_step(place.path);
  if (!there && errno == ENOENT) return std::nullopt;
  if (!there && errno == EXDEV) {
    problem = sick(place, "another user's program (FUSE) shows it, which is not asked");
    return std::nullopt;
  }
  constexpr int kToRead = O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC;
  sys::Fd fd(there ? ::openat(there.get(), ".", kToRead) : -1);  // if empty, errno is already set
  struct stat status = {};
  const bool looked = fd && ::fstat(fd.get(), &status) == 0;
  if (!looked) {
    problem = sick(place, why_directory_not_opened(errno));
    return std::nullopt;
  }
  if (!is_private_to(status, place.owner)) {
    problem = sick(place, what_is_wrong(status, place));
    return std::nullopt;
  }
  return Directory{std::move(fd), place.path, place.owner};
} catch (const Error& error) {
  problem = sick(place, error.what());
  return std::nullopt;
}

std::optional<Directory> open_directory_to_publish(std::string& problem) {
  for (const auto& place : places_to_publish()) {
    std::string trouble;
    auto directory = open_directory(place, trouble);
    if (!directory && trouble.empty()) directory = make_directory(place, trouble);
    if (directory) {
      problem.clear();
      return directory;
    }
    if (problem.empty()) problem = std::move(trouble);
  }
  return std::nullopt;
}

std::string directory_to_publish_in(std::string& problem) {
  for (const auto& place : places_to_publish()) {
    std::string trouble;
    const auto directory = open_directory(place, trouble);
    const auto parent = place.path.substr(0, place.path.rfind('/') + 1);
    const bool can_be_made =
        trouble.empty() && ::access(parent.empty() ? "." : parent.c_str(), W_OK | X_OK) == 0;
    const bool can_be_written = directory && ::access(place.path.c_str(), W_OK | X_OK) == 0;
    if (directory ? can_be_written : can_be_made) return place.path;
    if (trouble.empty()) trouble = sick(place, sys::errno_code(errno).message());
    if (problem.empty()) problem = std::move(trouble);
  }
  return {};
}

std::vector<Directory> open_own_directories(std::vector<std::string>& problems) {
  std::vector<Directory> directories;
  auto places = places_to_read();
  const std::vector<Place> last = {places.back()};
  places.pop_back();
  std::vector<std::string> troubles;
  open_all(places, directories, troubles);
  problems.insert(problems.end(), troubles.begin(), troubles.end());
  // If one of these can be used, the last is not needed: any user may create a directory of its name in /tmp.
  const bool needed = places.size() == troubles.size();
  open_all(last, directories, needed ? problems : troubles);
  return directories;
}

std::vector<Directory> open_directories_of(uid_t user, std::vector<std::string>& problems) {
  if (user == ::geteuid()) return open_own_directories(problems);
  std::vector<Directory> directories;
  open_all(places_of_another(user), directories, problems);
  return directories;
}

std::vector<Directory> open_directories(bool all_users, std::vector<std::string>& problems) {
  auto directories = open_own_directories(problems);
  if (all_users) open_all(other_users_places(problems), directories, problems);
  return directories;
}

}  // namespace nslaunch::registry
