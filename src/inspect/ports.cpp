#include "inspect/ports.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>
#include <string_view>
#include <tuple>

namespace nslaunch::inspect {
namespace {

bool listens_everywhere(const ns::Socket& socket) {
  return socket.local.starts_with("0.0.0.0:") || socket.local.starts_with("[::]:");
}

bool same_port(const ns::Socket& one, const ns::Socket& other) {
  return one.protocol == other.protocol && port_number(one) != 0 && port_number(one) == port_number(other);
}

std::set<pid_t> groups_of(const OwnedSocket& socket, const std::vector<Member>& members) {
  std::set<pid_t> groups;
  for (const auto& member : members) {
    const bool owns =
        std::find(socket.owners.begin(), socket.owners.end(), member.pid) != socket.owners.end();
    if (owns) groups.insert(member.stat.process_group);
  }
  return groups;
}

/// A worker that inherited its parent's socket shares nothing; two servers that each bound it do.
bool is_shared(const OwnedSocket& listener, const std::vector<OwnedSocket>& sockets,
               const std::vector<Member>& members) {
  const auto own = groups_of(listener, members);
  return std::any_of(sockets.begin(), sockets.end(), [&](const OwnedSocket& other) {
    if (!other.socket.listening || other.socket.inode == listener.socket.inode ||
        other.socket.local != listener.socket.local || !same_port(other.socket, listener.socket)) {
      return false;
    }
    const auto others = groups_of(other, members);
    return !own.empty() && !others.empty() && own != others;
  });
}

}  // namespace

unsigned port_number(const ns::Socket& socket) {
  if (socket.protocol == ns::Protocol::kUnix) return 0;
  const std::string_view local = socket.local;
  unsigned number = 0;
  std::from_chars(local.data() + local.rfind(':') + 1, local.data() + local.size(), number);
  return number;
}

std::vector<Port> ports_among(const std::vector<OwnedSocket>& sockets, const std::vector<Member>& members) {
  std::vector<Port> ports;
  for (const auto& socket : sockets) {
    if (!socket.socket.listening || socket.socket.local.empty()) continue;
    Port port{socket, 0, is_shared(socket, sockets, members)};
    if (socket.socket.protocol == ns::Protocol::kTcp) {
      port.connections = static_cast<std::size_t>(
          std::count_if(sockets.begin(), sockets.end(), [&](const OwnedSocket& other) {
            return !other.socket.remote.empty() && !other.socket.closing &&
                   same_port(other.socket, socket.socket) &&
                   (listens_everywhere(socket.socket) || other.socket.local == socket.socket.local);
          }));
    }
    ports.push_back(std::move(port));
  }
  const auto order = [](const Port& port) {
    const auto& socket = port.listener.socket;
    return std::tuple(socket.protocol, port_number(socket), std::string_view(socket.local));
  };
  std::stable_sort(ports.begin(), ports.end(),
                   [&](const Port& one, const Port& other) { return order(one) < order(other); });
  return ports;
}

std::vector<Member> owners_of(const std::vector<Port>& ports, const std::vector<Member>& members) {
  std::set<pid_t> pids;
  for (const auto& port : ports) pids.insert(port.listener.owners.begin(), port.listener.owners.end());
  std::vector<Member> owners;
  std::copy_if(members.begin(), members.end(), std::back_inserter(owners),
               [&](const Member& member) { return pids.contains(member.pid); });
  return owners;
}

}  // namespace nslaunch::inspect
