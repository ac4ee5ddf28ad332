#include "inspect/snapshot/ports.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace nslaunch::inspect {
namespace {

bool listens_everywhere(const ns::Socket& socket) {
  return socket.local.starts_with("0.0.0.0:") || socket.local.starts_with("[::]:");
}

/// Equal for two sockets that were each bound to the same address.
using Address = std::pair<ns::Protocol, std::string_view>;

Address address_of(const ns::Socket& socket) {
  return {socket.protocol, socket.local};
}

/// An index, because each listener is looked up among all sockets, and their owner controls how many there
/// are.
class Index {
 public:
  Index(const std::vector<OwnedSocket>& sockets, const std::vector<Member>& members) {
    for (const auto& member : members) group_of_[member.pid] = member.stat.process_group;
    for (const auto& owned : sockets) {
      const auto& socket = owned.socket;
      if (port_number(socket) == 0) continue;
      if (socket.listening) groups_on_[address_of(socket)].insert(groups_of(owned));
      if (socket.protocol != ns::Protocol::kTcp || socket.remote.empty() || socket.closing) continue;
      ++connections_of_port_[port_number(socket)];
      ++connections_of_[address_of(socket)];
    }
  }

  /// A worker that inherited its parent's socket does not share the address; two servers that each bound it
  /// do.
  bool is_shared(const OwnedSocket& listener) const {
    const auto found = groups_on_.find(address_of(listener.socket));
    if (found == groups_on_.end()) return false;
    const auto own = groups_of(listener);
    return !own.empty() && found->second.size() - found->second.count({}) > 1;
  }

  std::size_t connections_to(const ns::Socket& listener) const {
    if (listener.protocol != ns::Protocol::kTcp) return 0;
    return listens_everywhere(listener) ? count_in(connections_of_port_, port_number(listener))
                                        : count_in(connections_of_, address_of(listener));
  }

 private:
  using Groups = std::set<pid_t>;

  template <typename Counts>
  static std::size_t count_in(const Counts& counts, const typename Counts::key_type& key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
  }

  Groups groups_of(const OwnedSocket& socket) const {
    Groups groups;
    for (const auto owner : socket.owners) {
      if (const auto found = group_of_.find(owner); found != group_of_.end()) groups.insert(found->second);
    }
    return groups;
  }

  std::unordered_map<pid_t, pid_t> group_of_;
  std::map<Address, std::set<Groups>> groups_on_;  ///< one set per listener of the address
  std::map<Address, std::size_t> connections_of_;
  std::unordered_map<unsigned, std::size_t> connections_of_port_;
};

}  // namespace

unsigned port_number(const ns::Socket& socket) {
  if (socket.protocol == ns::Protocol::kUnix) return 0;
  const std::string_view local = socket.local;
  unsigned number = 0;
  std::from_chars(local.data() + local.rfind(':') + 1, local.data() + local.size(), number);
  return number;
}

std::vector<Port> ports_among(const std::vector<OwnedSocket>& sockets, const std::vector<Member>& members) {
  const Index index(sockets, members);
  std::vector<Port> ports;
  for (const auto& owned : sockets) {
    if (!owned.socket.listening || owned.socket.local.empty()) continue;
    ports.push_back({owned, index.connections_to(owned.socket), index.is_shared(owned)});
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
