#include "sys/files/access_lists.hpp"

#include <sys/xattr.h>

#include <array>
#include <cerrno>
#include <climits>

namespace nslaunch::sys {
namespace {

constexpr const char* kOwn = "system.posix_acl_access";
constexpr const char* kHandedDown = "system.posix_acl_default";

bool is_without(int error) {
  return error == ENODATA || error == EOPNOTSUPP;
}

bool drop(const std::string& path, const char* list) {
  return ::removexattr(path.c_str(), list) == 0 || is_without(errno);
}

bool copy(const std::string& from, const std::string& to, const char* list) {
  std::array<char, XATTR_SIZE_MAX> entries;
  const ssize_t size = ::getxattr(from.c_str(), list, entries.data(), entries.size());
  if (size < 0) return is_without(errno) && drop(to, list);
  return ::setxattr(to.c_str(), list, entries.data(), static_cast<std::size_t>(size), 0) == 0;
}

}  // namespace

bool has_access_list(int file) noexcept {
  return ::fgetxattr(file, kOwn, nullptr, 0) > 0;
}

bool drop_access_lists(const Directory& directory) noexcept {
  const auto path = descriptor_path(directory.fd());
  return drop(path, kOwn) && drop(path, kHandedDown);
}

bool copy_access_lists(const Directory& from, const Directory& to) noexcept {
  const auto source = descriptor_path(from.fd());
  const auto target = descriptor_path(to.fd());
  return copy(source, target, kOwn) && copy(source, target, kHandedDown);
}

}  // namespace nslaunch::sys
