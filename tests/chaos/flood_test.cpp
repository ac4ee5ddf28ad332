#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "support/forwarded.hpp"

namespace nslaunch::test {
namespace {

constexpr std::size_t kFlood = std::size_t{1} << 30;

/// A stream whose every byte follows from its place.
class Stream {
 public:
  /// The next bytes, at most `most`.
  void make(std::vector<char>& bytes, std::size_t most) {
    bytes.resize(most);
    for (auto& byte : bytes) byte = next();
  }
  bool matches(const char* bytes, std::size_t count) {
    return std::all_of(bytes, bytes + count, [&](char byte) { return byte == next(); });
  }

 private:
  char next() {
    state_ = state_ * 1664525U + 1013904223U;
    return static_cast<char>(state_ >> 24);
  }
  std::uint32_t state_ = 1;
};

}  // namespace

TEST_CASE("port-forward carries 1 GiB both ways at once, and every byte is the right one") {
  const Forwarded forwarded;
  const auto client = forwarded.connect();
  ::fcntl(client.get(), F_SETFL, O_NONBLOCK);
  Stream sent;
  Stream expected;
  std::vector<char> outgoing;
  std::size_t offset = 0;
  std::size_t made = 0;
  std::size_t received = 0;
  bool right = true;
  std::vector<char> incoming(1 << 18);
  while (received < kFlood && right) {
    if (offset == outgoing.size() && made < kFlood) {
      sent.make(outgoing, std::min<std::size_t>(1 << 18, kFlood - made));
      made += outgoing.size();
      offset = 0;
    }
    const bool writes = offset < outgoing.size();
    pollfd watched = {client.get(), static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN), 0};
    REQUIRE(::poll(&watched, 1, 30'000) == 1);
    if (writes) {
      const auto count = ::write(client.get(), outgoing.data() + offset, outgoing.size() - offset);
      if (count > 0) offset += static_cast<std::size_t>(count);
      if (offset == outgoing.size() && made == kFlood) ::shutdown(client.get(), SHUT_WR);
    }
    const auto count = ::read(client.get(), incoming.data(), incoming.size());
    if (count <= 0) continue;
    right = expected.matches(incoming.data(), static_cast<std::size_t>(count));
    received += static_cast<std::size_t>(count);
  }
  CHECK(right);
  CHECK(received == kFlood);
}

}  // namespace nslaunch::test
