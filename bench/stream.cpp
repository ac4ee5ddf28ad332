#include "bench/stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>
#include <vector>

#include "bench/interrupt.hpp"
#include "bench/unique_fd.hpp"

namespace nslaunch::bench {
namespace {

constexpr unsigned kLifetimeSeconds = 600;
constexpr timeval kStall{5, 0};
constexpr std::size_t kPiece = 256 * 1024;

/// What a client says first.
struct Order {
  Direction direction;
  std::uint64_t bytes;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

UniqueFd tcp_socket() {
  return UniqueFd(static_cast<int>(check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "making a socket")));
}

void bind_to(const UniqueFd& fd, std::uint16_t port) {
  const auto address = loopback(port);
  check(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "binding a port");
}

void send_all(const UniqueFd& fd, const void* data, std::size_t size) {
  const auto* next = static_cast<const char*>(data);
  while (size > 0) {
    const auto sent = static_cast<std::size_t>(check(send(fd.get(), next, size, MSG_NOSIGNAL), "sending"));
    next += sent;
    size -= sent;
  }
}

void receive_all(const UniqueFd& fd, void* data, std::size_t size) {
  const auto got = check(recv(fd.get(), data, size, MSG_WAITALL), "receiving");
  if (static_cast<std::size_t>(got) != size) throw std::runtime_error("the connection ended too early");
}

void pour(const UniqueFd& fd, std::uint64_t bytes) {
  const std::vector<char> piece(kPiece);
  for (; bytes > 0; bytes -= std::min<std::uint64_t>(bytes, kPiece))
    send_all(fd, piece.data(), std::min<std::uint64_t>(bytes, kPiece));
}

std::uint64_t drain(const UniqueFd& fd, std::uint64_t most) {
  std::vector<char> piece(kPiece);
  std::uint64_t total = 0;
  while (total < most) {
    const auto size = check(recv(fd.get(), piece.data(), piece.size(), 0), "receiving");
    if (size == 0) break;
    total += static_cast<std::uint64_t>(size);
  }
  return total;
}

void serve(const UniqueFd& client) {
  Order order{};
  receive_all(client, &order, sizeof order);
  if (order.direction == Direction::kFromServer) return pour(client, order.bytes);
  const auto arrived = drain(client, order.bytes);
  send_all(client, &arrived, sizeof arrived);
}

}  // namespace

int run_as_server(std::uint16_t port) {
  alarm(kLifetimeSeconds);
  const auto listener = tcp_socket();
  const int on = 1;
  check(setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "sharing a port with the past");
  bind_to(listener, port);
  check(listen(listener.get(), 16), "listening");
  for (;;) {
    const UniqueFd client(static_cast<int>(check(accept(listener.get(), nullptr, nullptr), "accepting")));
    try {
      serve(client);
    } catch (const std::runtime_error&) {
      continue;  // a client that only looked whether we are there
    }
  }
}

void move_bytes(std::uint16_t port, Direction direction, std::uint64_t bytes) {
  const auto fd = tcp_socket();
  for (const int side : {SO_SNDTIMEO, SO_RCVTIMEO})
    check(setsockopt(fd.get(), SOL_SOCKET, side, &kStall, sizeof kStall), "setting a limit");
  const auto address = loopback(port);
  check(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "connecting");
  const Order order{direction, bytes};
  send_all(fd, &order, sizeof order);
  auto arrived = bytes;
  if (direction == Direction::kToServer) {
    pour(fd, bytes);
    receive_all(fd, &arrived, sizeof arrived);
  } else {
    arrived = drain(fd, bytes);
  }
  if (arrived != bytes) throw std::runtime_error("bytes were lost on the way");
}

std::uint16_t free_port() {
  const auto fd = tcp_socket();
  bind_to(fd, 0);
  sockaddr_in address = {};
  socklen_t size = sizeof address;
  check(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), "asking for a port");
  return ntohs(address.sin_port);
}

}  // namespace nslaunch::bench
