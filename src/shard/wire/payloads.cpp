#include <algorithm>

#include "shard/wire/protocol.hpp"
#include "sys/base/check.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::shard {
namespace {

/// An IPv6 address with its port has up to 48 characters, an inode up to 10, each plus its NUL: this many
/// fit.
constexpr std::size_t kMostListeners = 512;
/// The largest errno.
constexpr int kMostErrno = 4095;

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

std::optional<std::int64_t> unpack_number(std::string_view text) noexcept {
  constexpr std::int64_t kMost = 1'000'000'000'000'000;
  const auto number = sys::whole_number<std::int64_t>(text);
  return number && *number >= 0 && *number <= kMost ? number : std::nullopt;
}

std::string pack(const std::vector<ns::Socket>& listeners) {
  Packer packer;
  for (std::size_t at = 0; at < std::min(listeners.size(), kMostListeners); ++at)
    packer.add(listeners[at].local).add(std::to_string(listeners[at].inode));
  return packer.take();
}

std::optional<std::vector<ns::Socket>> unpack_listeners(const std::string& payload) {
  const auto parts = unpack(payload);
  if (parts.size() % 2 != 0) return std::nullopt;
  std::vector<ns::Socket> listeners;
  for (std::size_t at = 0; at + 1 < parts.size(); at += 2) {
    const auto inode = sys::whole_number<std::uint64_t>(parts[at + 1]);
    if (!inode || listeners.size() >= kMostListeners) return std::nullopt;
    auto& listener = listeners.emplace_back();
    listener.listening = true;
    listener.local = parts[at];
    listener.inode = *inode;
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

std::optional<Leak> unpack_leak(const std::string& payload) {
  const auto parts = unpack(payload);
  if (parts.size() < 4) return std::nullopt;
  const auto pid = sys::whole_number<pid_t>(parts[0]);
  const auto parent = sys::whole_number<pid_t>(parts[1]);
  const auto age = unpack_number(parts[2]);
  if (!pid || !parent || !age || *pid < 0 || *parent < 0) return std::nullopt;
  Leak leak;
  leak.pid = *pid;
  leak.parent_pid = *parent;
  leak.age = std::chrono::milliseconds(*age);
  leak.command_line = parts[3];
  leak.listening.assign(parts.begin() + 4, parts.end());
  return leak;
}

std::string pack(const CaptureOutcome& outcome) {
  Packer packer;
  packer.add(outcome.full ? "full" : "").add(std::to_string(outcome.error.value()));
  return packer.add(std::to_string(outcome.lost)).take();
}

std::optional<CaptureOutcome> unpack_capture(const std::string& payload) {
  const auto parts = unpack(payload);
  if (parts.size() != 3) return std::nullopt;
  const auto error = sys::whole_number<int>(parts[1]);
  const auto lost = sys::whole_number<std::uint64_t>(parts[2]);
  if (!error || *error < 0 || *error > kMostErrno || !lost) return std::nullopt;
  return CaptureOutcome{.full = !parts[0].empty(), .error = sys::errno_code(*error), .lost = *lost};
}

std::string pack(const ProcessRequest& request) {
  Packer packer;
  packer.add(request.directory).add(std::to_string(request.variables.size()));
  for (const auto& variable : request.variables) packer.add(variable);
  for (const auto& word : request.command) packer.add(word);
  return packer.take();
}

std::optional<ProcessRequest> unpack_process_request(const std::string& payload) {
  const auto parts = unpack(payload);
  if (parts.size() < 2) return std::nullopt;
  const auto variables = sys::whole_number<std::size_t>(parts[1]);
  if (!variables || *variables > parts.size() - 2) return std::nullopt;
  const auto first = parts.begin() + 2;
  const auto end = first + static_cast<std::ptrdiff_t>(*variables);
  return ProcessRequest{parts[0], {first, end}, {end, parts.end()}};
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
  const auto kind = sys::whole_number<std::uint8_t>(parts[0]);
  const auto port = sys::whole_number<std::uint16_t>(parts[2]);
  if (!kind || *kind > static_cast<int>(SocketRequest::Kind::kListening) || !port) return std::nullopt;
  return SocketRequest{static_cast<SocketRequest::Kind>(*kind), parts[1], *port};
}

}  // namespace nslaunch::shard
