#include "shard/protocol.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "sys/channel.hpp"
#include "sys/check.hpp"

namespace nslaunch::shard {
namespace {

struct Header {
  Kind kind;
  Step step;
  Domain domain;
  std::uint8_t unused;
  std::int32_t code;
  std::int32_t detail;
};

constexpr std::size_t kLongestPayload = 32768;
/// An address of IPv6 with its port has up to 48 characters, an inode up to 10, and each its NUL.
constexpr std::size_t kMostListeners = kLongestPayload / 64;

/// Strings that hold no NUL, each ended by one.
class Packer {
 public:
  Packer& add(std::string_view text) {
    packed_.append(text.substr(0, text.find('\0'))).push_back('\0');
    return *this;
  }
  std::string take() { return std::move(packed_); }

 private:
  std::string packed_;
};

}  // namespace

bool send(int channel, const Message& message, std::span<const int> descriptors) noexcept {
  Header header = {message.kind, message.step, message.domain, 0, message.code, message.detail};
  iovec parts[2] = {
      {&header, sizeof header},
      {const_cast<char*>(message.payload.data()), std::min(message.payload.size(), kLongestPayload)}};
  return sys::send_message(channel, parts, descriptors) >= 0;
}

std::optional<Message> receive(int channel, bool wait, std::vector<sys::Fd>* descriptors) noexcept {
  Header header;
  char payload[kLongestPayload];
  const auto take = [&] {
    iovec parts[2] = {{&header, sizeof header}, {payload, sizeof payload}};
    return sys::receive_message(channel, parts, descriptors, wait ? 0 : MSG_DONTWAIT);
  };
  errno = 0;
  ssize_t count = take();
  // A peer that has gone with a message of ours unread is told of once, before what it said last
  // (K20); its last words still follow.
  if (count < 0 && errno == ECONNRESET) count = take();
  if (count < static_cast<ssize_t>(sizeof header)) return std::nullopt;
  Message message{header.kind, header.step, header.domain, header.code, header.detail, {}};
  message.payload.assign(payload, static_cast<std::size_t>(count) - sizeof header);
  return message;
}

std::string pack(const std::vector<std::string>& texts) {
  Packer packer;
  for (const auto& text : texts) packer.add(text);
  return packer.take();
}

std::vector<std::string> unpack(const std::string& payload) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start < payload.size();) {
    parts.emplace_back(payload.c_str() + start);
    start += parts.back().size() + 1;
  }
  return parts;
}

std::string pack(const std::vector<ns::Socket>& listeners) {
  Packer packer;
  for (std::size_t at = 0; at < std::min(listeners.size(), kMostListeners); ++at)
    packer.add(listeners[at].local).add(std::to_string(listeners[at].inode));
  return packer.take();
}

std::vector<ns::Socket> unpack_listeners(const std::string& payload) {
  const auto parts = unpack(payload);
  std::vector<ns::Socket> listeners;
  for (std::size_t at = 0; at + 1 < parts.size(); at += 2) {
    auto& listener = listeners.emplace_back();
    listener.listening = true;
    listener.local = parts[at];
    listener.inode = std::strtoull(parts[at + 1].c_str(), nullptr, 10);
  }
  return listeners;
}

std::string pack(const std::vector<ns::Sysctl>& sysctls) {
  Packer packer;
  for (const auto& sysctl : sysctls) packer.add(sysctl.path).add(sysctl.value);
  return packer.take();
}

std::vector<ns::Sysctl> unpack_sysctls(const std::string& payload) {
  const auto parts = unpack(payload);
  std::vector<ns::Sysctl> sysctls;
  for (std::size_t at = 0; at + 1 < parts.size(); at += 2) sysctls.push_back({parts[at], parts[at + 1]});
  return sysctls;
}

std::string pack(const Leak& leak) {
  Packer packer;
  packer.add(std::to_string(leak.pid)).add(std::to_string(leak.parent_pid));
  packer.add(std::to_string(leak.age.count())).add(leak.command_line);
  for (const auto& address : leak.listening) packer.add(address);
  return packer.take();
}

Leak unpack_leak(const std::string& payload) {
  const auto parts = unpack(payload);
  if (parts.size() < 4) return {};
  Leak leak;
  leak.pid = std::atoi(parts[0].c_str());
  leak.parent_pid = std::atoi(parts[1].c_str());
  leak.age = std::chrono::milliseconds(std::atoll(parts[2].c_str()));
  leak.command_line = parts[3];
  leak.listening.assign(parts.begin() + 4, parts.end());
  return leak;
}

std::string pack(const CaptureOutcome& outcome) {
  Packer packer;
  packer.add(outcome.full ? "full" : "").add(std::to_string(outcome.error.value()));
  return packer.add(std::to_string(outcome.lost)).take();
}

CaptureOutcome unpack_capture(const std::string& payload) {
  const auto parts = unpack(payload);
  if (parts.size() != 3) return {};
  return {.full = !parts[0].empty(),
          .error = sys::errno_code(std::atoi(parts[1].c_str())),
          .lost = std::strtoull(parts[2].c_str(), nullptr, 10)};
}

std::string pack(const VisitRequest& request) {
  Packer packer;
  packer.add(request.directory).add(std::to_string(request.variables.size()));
  for (const auto& variable : request.variables) packer.add(variable);
  for (const auto& word : request.command) packer.add(word);
  return packer.take();
}

std::optional<VisitRequest> unpack_visit(const std::string& payload) {
  const auto parts = unpack(payload);
  if (parts.size() < 2) return std::nullopt;
  const auto variables = static_cast<std::size_t>(std::strtoul(parts[1].c_str(), nullptr, 10));
  if (variables > parts.size() - 2) return std::nullopt;
  const auto first = parts.begin() + 2;
  const auto end = first + static_cast<std::ptrdiff_t>(variables);
  return VisitRequest{parts[0], {first, end}, {end, parts.end()}};
}

std::string pack(const SocketRequest& request) {
  Packer packer;
  packer.add(std::to_string(static_cast<int>(request.kind)))
      .add(request.address)
      .add(std::to_string(request.port));
  return packer.take();
}

std::optional<SocketRequest> unpack_socket(const std::string& payload) {
  const auto parts = unpack(payload);
  if (parts.size() != 3) return std::nullopt;
  return SocketRequest{static_cast<SocketRequest::Kind>(std::atoi(parts[0].c_str())), parts[1],
                       static_cast<std::uint16_t>(std::strtoul(parts[2].c_str(), nullptr, 10))};
}

}  // namespace nslaunch::shard
