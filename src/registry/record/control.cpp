#include "registry/record/control.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>

#include "registry/place/as_user.hpp"
#include "registry/place/names.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/process/channel.hpp"
#include "sys/process/identity.hpp"

namespace nslaunch::registry {
namespace {

sockaddr_un address_at(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

[[noreturn]] void not_to_be_trusted(const std::string& doing, const std::string& why) {
  throw Error(sys::errno_code(EPERM), doing + ": " + why,
              "Somebody has put it there, and nothing was sent to it. Where it is: nslaunch list --json");
}

/// Holds the socket's inode: what the name refers to from now on does not matter.
sys::Fd open_socket(const Directory& directory, const std::string& name, const std::string& doing) {
  const int below = directory.fd.get();
  auto file = open_in(below, [&] { return sys::open_on_same_mount(below, name.c_str(), O_PATH); });
  struct stat status = {};
  if (!file || ::fstat(file.get(), &status) != 0)
    throw Error(sys::errno_code(errno), doing,
                "It is just starting or ending, or has no control socket; see: nslaunch list");
  if (!S_ISSOCK(status.st_mode)) not_to_be_trusted(doing, "its control socket is no socket");
  if (status.st_uid != directory.owner)
    not_to_be_trusted(doing, "its control socket belongs to another user");
  if ((status.st_mode & 077) != 0) not_to_be_trusted(doing, "its control socket is open to others");
  if (status.st_nlink != 1) not_to_be_trusted(doing, "its control socket has another name, too");
  return file;
}

/// Whether `init` is the process that called listen(2), which the kernel reports as the peer (K46).
bool is_listened_on_by(const sys::Fd& socket, const ShardRecord& record, const sys::Pidfd& init) {
  ucred peer = {};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  if (peer.pid != record.init.pid || peer.uid != record.uid) return false;
  const auto handle = sys::peer_of(socket);
  if (handle ? handle->inode() != init.inode() : errno != ENOPROTOOPT) return false;
  return !init.has_ended();
}

}  // namespace

sockaddr_un address_in(int directory, const std::string& name) {
  return address_at(fmt::format("/proc/self/fd/{}/{}", directory, name));
}

const Directory& Controls::directory_of(const ShardEntry& entry, const std::string& doing) {
  const auto path = entry.path.substr(0, entry.path.rfind('/'));
  if (!directory_ || directory_->path != path || directory_->owner != entry.record.uid) {
    std::string problem;
    directory_ = open_directory({path, entry.record.uid}, problem);
    if (!directory_) throw Error(sys::errno_code(ENOENT), problem.empty() ? doing : doing + ": " + problem);
  }
  return *directory_;
}

sys::Fd Controls::connect(const ShardEntry& entry) {
  const auto& id = entry.record.id;
  const std::string doing = fmt::format("reaching shard {}", sys::escape(id));
  refuse_unreadable(entry, doing);
  if (entry.foreign) {
    throw Error(sys::errno_code(EPERM), doing,
                "It was started in another PID namespace (a container, say); do it from there.");
  }
  const auto init = sys::find(entry.record.init, entry.record.uid);
  if (!init) throw Error(sys::errno_code(ESRCH), doing, "It has just ended.");
  const auto file = open_socket(directory_of(entry, doing), socket_name(id), doing);
  const auto address = address_at(fmt::format("/proc/self/fd/{}", file.get()));
  sys::Fd socket(sys::check(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "making a socket"));
  sys::take_descriptors(socket, false);
  if (!sys::connect_within(socket, address, patience_)) {
    const int error = errno == EAGAIN ? ETIMEDOUT : errno;
    throw Error(sys::errno_code(error), doing,
                error == ETIMEDOUT
                    ? "So many others wait for it that it takes nobody in; to see it: nslaunch inspect " +
                          word_for(entry.record, ::geteuid())
                    : "It is just starting or ending, or has no control socket; see: nslaunch list");
  }
  if (!is_listened_on_by(socket, entry.record, *init))
    not_to_be_trusted(doing, "its control socket is not served by its init");
  return socket;
}

}  // namespace nslaunch::registry
