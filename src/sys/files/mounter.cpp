#include "sys/files/mounter.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <string_view>

#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/files.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::sys {
namespace {

/// The value of an option; empty if there is none of that name.
std::string option(const std::string& options, const std::string& name) {
  std::istringstream words(options);
  for (std::string word; std::getline(words, word, ',');) {
    if (word == name) return name;
    if (word.starts_with(name + "=")) return word.substr(name.size() + 1);
  }
  return {};
}

/// In a chroot, the mount of "/" may be above the part of the mount table that we can see.
bool is_of_our_root(std::uint64_t id) {
  const Fd root(::open("/", O_PATH | O_CLOEXEC));
  return root && mount_id_of(root.get()) == id;
}

}  // namespace

Mounter mounter_in(const MountLine& mount) {
  const bool is_fuse = mount.type.starts_with("fuse");
  const auto user = option(mount.super_options, "user_id");
  if (is_fuse && !user.empty() && user != "0" && user != std::to_string(::geteuid()))
    return Mounter::kAnother;
  const bool is_restricted = has_option(mount.options, "nosuid") && has_option(mount.options, "nodev");
  return is_restricted && mount.type != "tmpfs" ? Mounter::kPerhaps : Mounter::kRoot;
}

bool has_option(const std::string& options, const std::string& name) {
  return !option(options, name).empty();
}

std::optional<std::uint64_t> mount_id_of(int descriptor) {
  const auto about = read_file(fmt::format("/proc/self/fdinfo/{}", descriptor).c_str()).value_or("");
  std::istringstream lines(about);
  std::string name;
  for (std::string value; lines >> name >> value;) {
    if (name == "mnt_id:") return whole_number<std::uint64_t>(value);
  }
  return std::nullopt;
}

std::optional<MountLine> mount_of(int descriptor) {
  const auto id = mount_id_of(descriptor);
  const auto mounts = id ? mounts_here() : std::vector<MountLine>();
  const auto mount = std::ranges::find(mounts, id.value_or(0), &MountLine::id);
  return mount == mounts.end() ? std::nullopt : std::optional(*mount);
}

Mounter mounter_of(int descriptor) {
  const auto id = mount_id_of(descriptor);
  if (!id || is_of_our_root(*id)) return Mounter::kRoot;  // without the table, which costs more
  const auto mount = mount_of(descriptor);
  return mount ? mounter_in(*mount) : Mounter::kAnother;
}

}  // namespace nslaunch::sys
