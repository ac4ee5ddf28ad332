#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <vector>

#include "support/forwarded.hpp"

namespace nslaunch::test {
namespace {

constexpr std::size_t kFlood = std::size_t{1} << 30;

/// A stream whose every byte follows from its place: random bytes again and again, of a prime number, so that
/// no buffer's size is a multiple of theirs.
class Stream {
 public:
  Stream() {
    std::mt19937 random;
    for (auto& byte : period_) byte = static_cast<char>(random());
  }
  /// The next bytes, as many as `bytes` has.
  void make(std::vector<char>& bytes) {
    pass(bytes.size(), [&](std::size_t at, const char* next, std::size_t count) {
      std::memcpy(bytes.data() + at, next, count);
    });
  }
  bool matches(const char* bytes, std::size_t count) {
    bool same = true;
    pass(count, [&](std::size_t at, const char* next, std::size_t part) {
      same = same && std::memcmp(bytes + at, next, part) == 0;
    });
    return same;
  }

 private:
  template <class Use>
  void pass(std::size_t count, Use use) {
    for (std::size_t at = 0; at < count;) {
      const auto part = std::min(count - at, period_.size() - place_);
      use(at, period_.data() + place_, part);
      place_ = (place_ + part) % period_.size();
      at += part;
    }
  }
  std::vector<char> period_ = std::vector<char>(999'983);
  std::size_t place_ = 0;
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
      outgoing.resize(std::min<std::size_t>(1 << 18, kFlood - made));
      sent.make(outgoing);
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
