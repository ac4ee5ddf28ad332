#include "sys/process/channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "sys/base/check.hpp"

namespace nslaunch::sys {
namespace {

/// The kernel's own limit (SCM_MAX_FD): descriptors that don't fit are closed by the kernel on our behalf.
constexpr std::size_t kMostThatCome = 253;

union DescriptorSpace {
  cmsghdr alignment;
  char bytes[CMSG_SPACE(kMostThatCome * sizeof(int))];
};

msghdr envelope_of(std::span<iovec> parts) {
  msghdr envelope = {};
  envelope.msg_iov = parts.data();
  envelope.msg_iovlen = parts.size();
  return envelope;
}

void put(std::span<const int> descriptors, msghdr& envelope, DescriptorSpace& space) {
  const auto size = std::min(descriptors.size(), kMostDescriptors) * sizeof(int);
  envelope.msg_control = space.bytes;
  envelope.msg_controllen = CMSG_SPACE(size);
  cmsghdr* header = CMSG_FIRSTHDR(&envelope);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(header), descriptors.data(), size);
}

void take(msghdr& envelope, std::vector<Fd>& descriptors) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&envelope); header != nullptr;
       header = CMSG_NXTHDR(&envelope, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    std::array<int, kMostThatCome> numbers = {};
    std::memcpy(numbers.data(), CMSG_DATA(header), std::min(count, numbers.size()) * sizeof(int));
    for (std::size_t at = 0; at < std::min(count, numbers.size()); ++at)
      descriptors.emplace_back(numbers[at]);
  }
}

}  // namespace

std::pair<Fd, Fd> make_channel() {
  int ends[2];
  check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "making a channel to the shard");
  return {Fd(ends[0]), Fd(ends[1])};
}

void never_wait(const Fd& channel) noexcept {
  ::fcntl(channel.get(), F_SETFL, O_NONBLOCK);
}

bool connect_within(const Fd& socket, const sockaddr_un& address,
                    const std::optional<Deadline>& deadline) noexcept {
  // poll(2) does not report when a full queue has room again; a limit of 0 would mean no limit.
  const long left = deadline ? std::max(deadline->poll_timeout(), 1) : 0;
  if (left == 0) never_wait(socket);
  const timeval limit = {left / 1000, left % 1000 * 1000};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
  never_wait(socket);
  return true;
}

std::optional<Pidfd> peer_of(const Fd& socket) noexcept {
  constexpr int kPeerPidfd = 77;  // SO_PEERPIDFD of asm-generic/socket.h, kernel 6.5
  int handle = -1;
  socklen_t size = sizeof handle;
  if (::getsockopt(socket.get(), SOL_SOCKET, kPeerPidfd, &handle, &size) != 0) return std::nullopt;
  return Pidfd(Fd(handle));
}

void take_descriptors(const Fd& socket, bool wanted) noexcept {
  constexpr int kPassRights = 83;  // SO_PASSRIGHTS of asm-generic/socket.h, kernel 6.16
  const int value = wanted ? 1 : 0;
  ::setsockopt(socket.get(), SOL_SOCKET, kPassRights, &value, sizeof value);
}

ssize_t send_message(int channel, std::span<iovec> parts, std::span<const int> descriptors) noexcept {
  auto envelope = envelope_of(parts);
  DescriptorSpace space = {};
  if (!descriptors.empty()) put(descriptors, envelope, space);
  return retry_on_eintr([&] { return ::sendmsg(channel, &envelope, MSG_NOSIGNAL); });
}

ssize_t receive_message(int channel, std::span<iovec> parts, std::vector<Fd>* descriptors,
                        int flags) noexcept {
  auto envelope = envelope_of(parts);
  DescriptorSpace space;
  if (descriptors != nullptr) {
    envelope.msg_control = space.bytes;
    envelope.msg_controllen = sizeof space.bytes;
  }
  const auto count = retry_on_eintr([&] { return ::recvmsg(channel, &envelope, flags | MSG_CMSG_CLOEXEC); });
  if (count < 0) return count;
  const bool lost_some = (envelope.msg_flags & MSG_CTRUNC) != 0;
  std::vector<Fd> incomplete;
  if (descriptors != nullptr) take(envelope, lost_some ? incomplete : *descriptors);
  if ((envelope.msg_flags & MSG_TRUNC) == 0 && (descriptors != nullptr || !lost_some)) return count;
  errno = lost_some && descriptors == nullptr ? EPROTO : EMSGSIZE;
  return -1;
}

}  // namespace nslaunch::sys
