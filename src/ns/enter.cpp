#include "ns/enter.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <vector>

#include "ns/sockets.hpp"
#include "sys/channel.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"
#include "sys/procfs.hpp"

namespace nslaunch::ns {
namespace {

/// A message has at least one byte.
std::array<iovec, 1> one_byte(char& byte) {
  return {iovec{&byte, 1}};
}

int send_descriptor(int channel, int descriptor) {
  char byte = 'x';
  auto parts = one_byte(byte);
  return sys::send_message(channel, parts, {&descriptor, 1}) < 0 ? errno : 0;
}

sys::Fd receive_descriptor(int channel) {
  char byte = 0;
  auto parts = one_byte(byte);
  std::vector<sys::Fd> descriptors;
  sys::receive_message(channel, parts, &descriptors);
  return descriptors.empty() ? sys::Fd() : std::move(descriptors.front());
}

/// The child's half. Returns an errno.
int join_and_send(const sys::Fd& user, const sys::Fd& network, int channel) {
  if (user && ::setns(user.get(), CLONE_NEWUSER) != 0) return errno;
  if (::setns(network.get(), CLONE_NEWNET) != 0) return errno;
  const auto socket = open_socket_diagnostics();
  return socket ? send_descriptor(channel, socket.get()) : errno;
}

sys::Fd open_namespace(pid_t pid, const char* name) {
  return sys::open_file(fmt::format("/proc/{}/ns/{}", pid, name), O_RDONLY);
}

}  // namespace

sys::Fd open_socket_diagnostics_of(pid_t pid) {
  const auto network = open_namespace(pid, "net");
  sys::Fd user;
  if (sys::namespace_inode(pid, "user") != sys::namespace_inode(0, "user"))
    user = open_namespace(pid, "user");
  auto [ours, theirs] = sys::make_channel();
  const pid_t child = sys::check(::fork(), "starting a process to look into the shard");
  if (child == 0) ::_exit(join_and_send(user, network, theirs.get()));
  theirs.reset();
  auto socket = receive_descriptor(ours.get());
  int status = 0;
  sys::retry_on_eintr([&] { return ::waitpid(child, &status, 0); });
  if (!socket) {
    const int error = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
    throw Error(sys::errno_code(error), "joining the shard's network namespace");
  }
  return socket;
}

}  // namespace nslaunch::ns
