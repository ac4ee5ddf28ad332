#include "inspect/snapshot/descriptors.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>

#include "ns/net/sockets.hpp"
#include "sys/base/check.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::inspect {
namespace {

std::string descriptor_path(pid_t shown, int number) {
  return fmt::format("/proc/{}/fd/{}", shown, number);
}

}  // namespace

std::string descriptor_target(pid_t shown, int number) {
  char target[512];
  const ssize_t length = ::readlink(descriptor_path(shown, number).c_str(), target, sizeof target);
  return length > 0 ? std::string(target, static_cast<std::size_t>(length)) : std::string();
}

std::uint64_t inode_of(std::string_view target, std::string_view kind) {
  if (!target.starts_with(kind)) return 0;
  target.remove_prefix(kind.size());
  if (!target.starts_with(":[") || !target.ends_with("]")) return 0;
  std::uint64_t inode = 0;
  std::from_chars(target.data() + 2, target.data() + target.size(), inode);
  return inode;
}

void for_each_descriptor(pid_t shown,
                         const std::function<void(int number, const std::string& target)>& visit) {
  const std::string path = fmt::format("/proc/{}/fd", shown);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (const auto number = sys::whole_number<int>(entry->d_name))
      visit(*number, descriptor_target(shown, *number));
  }
}

bool is_writable(pid_t shown, int number) {
  // The link's own permission bits are the descriptor's access mode (proc(5)).
  struct stat link = {};
  return ::lstat(descriptor_path(shown, number).c_str(), &link) == 0 && (link.st_mode & S_IWUSR) != 0;
}

namespace {

const char* prefix(ns::Protocol protocol) {
  switch (protocol) {
    case ns::Protocol::kUdp:
      return "udp ";
    case ns::Protocol::kUnix:
      return "unix:";
    case ns::Protocol::kTcp:
      break;
  }
  return "";
}

}  // namespace

Listeners::Listeners() {
  try {
    for (const auto& socket : ns::list_sockets()) {
      if (socket.listening && !socket.local.empty() && socket.inode != 0)
        names_.emplace(socket.inode, prefix(socket.protocol) + socket.local);
    }
  } catch (const Error&) {
    // Without socket diagnostics a leak is still a leak; only its addresses stay unknown.
  }
}

std::vector<std::string> Listeners::of(pid_t shown) const {
  std::vector<std::string> found;
  if (names_.empty()) return found;
  for_each_descriptor(shown, [&](int, const std::string& target) {
    const auto name = names_.find(inode_of(target, "socket"));
    if (name != names_.end() && std::find(found.begin(), found.end(), name->second) == found.end())
      found.push_back(name->second);
  });
  return found;
}

}  // namespace nslaunch::inspect
