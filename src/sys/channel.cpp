#include "sys/channel.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "sys/check.hpp"

namespace nslaunch::sys {
namespace {

union DescriptorSpace {
  cmsghdr alignment;
  char bytes[CMSG_SPACE(kMostDescriptors * sizeof(int))];
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

void take(msghdr& envelope, std::vector<Fd>* descriptors) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&envelope); header != nullptr;
       header = CMSG_NXTHDR(&envelope, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    std::array<int, kMostDescriptors> numbers = {};
    std::memcpy(numbers.data(), CMSG_DATA(header), std::min(count, numbers.size()) * sizeof(int));
    for (std::size_t at = 0; at < std::min(count, numbers.size()); ++at) {
      Fd descriptor(numbers[at]);
      if (descriptors != nullptr) descriptors->push_back(std::move(descriptor));
    }
  }
}

}  // namespace

std::pair<Fd, Fd> make_channel() {
  int ends[2];
  check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "making a channel to the shard");
  return {Fd(ends[0]), Fd(ends[1])};
}

void limit_waiting(const Fd& channel, std::chrono::seconds limit) noexcept {
  const timeval wait = {limit.count(), 0};
  for (const int side : {SO_SNDTIMEO, SO_RCVTIMEO}) {
    ::setsockopt(channel.get(), SOL_SOCKET, side, &wait, sizeof wait);
  }
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
  DescriptorSpace space = {};
  envelope.msg_control = space.bytes;
  envelope.msg_controllen = sizeof space.bytes;
  const auto count = retry_on_eintr([&] { return ::recvmsg(channel, &envelope, flags | MSG_CMSG_CLOEXEC); });
  if (count >= 0) take(envelope, descriptors);
  return count;
}

}  // namespace nslaunch::sys
