#include "ns/net/enter.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <vector>

#include "ns/net/sockets.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"
#include "sys/process/channel.hpp"
#include "sys/process/pidfd.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::ns {
namespace {

/// The owner of the namespaces can stop the child there (K47), or block it on the way (K33).
constexpr std::chrono::seconds kLimit{3};
/// How long a killed child may take to end; an unkillable one is left to the reaper of our orphans.
constexpr std::chrono::milliseconds kEndLimit{200};

/// A message has at least one byte.
std::array<iovec, 1> one_byte(char& byte) {
  return {iovec{&byte, 1}};
}

int send_descriptor(int channel, int descriptor) {
  char byte = 'x';
  auto parts = one_byte(byte);
  return sys::send_message(channel, parts, {&descriptor, 1}) < 0 ? errno : 0;
}

/// Empty if it does not arrive in time, or not at all.
sys::Fd receive_descriptor(int channel, const sys::Deadline& deadline) {
  pollfd watched = {channel, POLLIN, 0};
  if (sys::retry_on_eintr([&] { return ::poll(&watched, 1, deadline.poll_timeout()); }) != 1) return {};
  char byte = 0;
  auto parts = one_byte(byte);
  std::vector<sys::Fd> descriptors;
  sys::receive_message(channel, parts, &descriptors, MSG_DONTWAIT);
  return descriptors.empty() ? sys::Fd() : std::move(descriptors.front());
}

sys::Fd open_namespace(pid_t pid, const char* name) {
  return sys::open_file(fmt::format("/proc/{}/ns/{}", pid, name), O_RDONLY);
}

/// The child's half: the process may block readers of its namespaces (K33). Returns an errno.
int join_and_send(pid_t pid, int channel) noexcept try {
  sys::close_all_except({channel});  // if it blocks, it must hold no pipe of ours
  const auto network = open_namespace(pid, "net");
  sys::Fd user;
  if (sys::namespace_inode(pid, "user") != sys::namespace_inode(0, "user"))
    user = open_namespace(pid, "user");
  if (user && ::setns(user.get(), CLONE_NEWUSER) != 0) return errno;
  if (::setns(network.get(), CLONE_NEWNET) != 0) return errno;
  const auto socket = open_socket_diagnostics();
  return socket ? send_descriptor(channel, socket.get()) : errno;
} catch (const Error& error) {
  return error.code().value();
} catch (const std::exception&) {
  return ENOMEM;
}

}  // namespace

sys::Fd open_socket_diagnostics_of(pid_t pid) {
  auto [ours, theirs] = sys::make_channel();
  const pid_t child = sys::check(::fork(), "starting a process to look into the shard");
  if (child == 0) ::_exit(join_and_send(pid, theirs.get()));
  theirs.reset();
  const sys::Deadline deadline(kLimit);
  const auto handle = sys::Pidfd::open(child);
  auto socket = receive_descriptor(ours.get(), deadline);
  const bool ended = handle && handle->wait_for_end(std::chrono::milliseconds(deadline.poll_timeout()));
  if (!ended) ::kill(child, SIGKILL);
  int status = 0;
  if (handle && handle->wait_for_end(kEndLimit))
    ::waitpid(child, &status, WNOHANG);  // a traced one is reported to its tracer first
  if (!socket) {
    const int error = !ended ? ETIMEDOUT : WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
    throw Error(sys::errno_code(error), "joining the shard's network namespace",
                ended
                    ? ""
                    : "Its owner may have stopped the process that was to do it, or lets nobody look at the "
                      "shard's init; it was killed.");
  }
  return socket;
}

void enter_network_of(const sys::Pidfd& process) {
  constexpr const char* kDoing = "joining the shard's network namespace";
  const auto before = sys::namespace_inode(0, "net");
  if (::setns(process.get(), CLONE_NEWNET) != 0) {
    const int error = errno;
    throw Error(
        sys::errno_code(error), kDoing,
        error == EPERM ? "It takes CAP_SYS_ADMIN and CAP_SYS_PTRACE; the shard's owner needs neither." : "");
  }
  if (sys::namespace_inode(0, "net") == before)
    throw Error({}, std::string(kDoing) + ": it is the one that nslaunch is in");
}

}  // namespace nslaunch::ns
