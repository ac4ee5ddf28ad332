#include "sys/fuse.hpp"

#include <unistd.h>

#include <charconv>
#include <sstream>
#include <string_view>

#include "sys/check.hpp"
#include "sys/files.hpp"

namespace nslaunch::sys {
namespace {

std::string mount_of(int descriptor) {
  const auto about = read_file(fmt::format("/proc/self/fdinfo/{}", descriptor).c_str()).value_or("");
  std::istringstream lines(about);
  std::string name;
  for (std::string value; lines >> name >> value;) {
    if (name == "mnt_id:") return value;
  }
  return {};
}

/// Of "rw,user_id=1001,group_id=1001,allow_other".
std::optional<uid_t> user_in(std::string_view options) {
  constexpr std::string_view kUser = "user_id=";
  const auto found = options.find(kUser);
  if (found == std::string_view::npos) return std::nullopt;
  options.remove_prefix(found + kUser.size());
  uid_t user = 0;
  const auto [end, error] = std::from_chars(options.data(), options.data() + options.size(), user);
  return error == std::errc{} ? std::optional(user) : std::nullopt;
}

}  // namespace

std::optional<uid_t> mounter_in(const std::string& mountinfo, const std::string& mount_id) {
  constexpr std::string_view kType = " - fuse";
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    if (line.substr(0, line.find(' ')) != mount_id) continue;
    // A space in a name is written as \040: no name looks like this.
    const auto type = line.find(kType);
    return type == std::string::npos ? std::nullopt : user_in(std::string_view(line).substr(type));
  }
  return std::nullopt;
}

std::optional<uid_t> mounter_of_fuse(int descriptor) {
  const auto mount = mount_of(descriptor);
  if (mount.empty()) return std::nullopt;
  constexpr std::size_t kLongest = 64 << 20;
  const auto user = mounter_in(read_file("/proc/self/mountinfo", kLongest).value_or(""), mount);
  return user && *user != 0 && *user != ::geteuid() ? user : std::nullopt;
}

}  // namespace nslaunch::sys
