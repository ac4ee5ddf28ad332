#include "registry/control.hpp"

#include <sys/socket.h>

#include "registry/names.hpp"
#include "registry/unreadable.hpp"
#include "sys/channel.hpp"
#include "sys/check.hpp"
#include "sys/text.hpp"

namespace nslaunch::registry {
namespace {

/// Init answers at once, unless somebody has stopped it.
constexpr std::chrono::seconds kAnswerLimit{3};

}  // namespace

sockaddr_un address_in(int folder, const std::string& name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const auto path = fmt::format("/proc/self/fd/{}/{}", folder, name);
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

sys::Fd Controls::connect(const ShardEntry& entry) {
  const auto& id = entry.record.id;
  const std::string doing = fmt::format("reaching shard {}", sys::escape(id));
  refuse_unreadable(entry, doing);
  if (entry.foreign) {
    throw Error(sys::errno_code(EPERM), doing,
                "It was started in another PID namespace (a container, say); do it from there.");
  }
  const auto path = entry.path.substr(0, entry.path.rfind('/'));
  if (!folder_ || folder_->path != path || folder_->owner != entry.record.uid) {
    std::string problem;
    folder_ = open_folder({path, entry.record.uid}, problem);
    if (!folder_) throw Error(sys::errno_code(ENOENT), problem.empty() ? doing : doing + ": " + problem);
  }
  const auto address = address_in(folder_->fd.get(), socket_name(id));
  sys::Fd socket(sys::check(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "making a socket"));
  sys::limit_waiting(socket, kAnswerLimit);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw Error(sys::errno_code(errno), doing,
                "It is just starting or ending, or has no control socket; see: nslaunch list");
  }
  return socket;
}

}  // namespace nslaunch::registry
