#include "inspect/snapshot/listeners.hpp"

#include <nslaunch/error.hpp>

#include <algorithm>

#include "inspect/snapshot/descriptors.hpp"
#include "ns/net/sockets.hpp"

namespace nslaunch::inspect {
namespace {

const char* prefix(ns::Protocol protocol) {
  switch (protocol) {
    case ns::Protocol::kUdp:
      return "udp ";
    case ns::Protocol::kUnix:
      return "unix:";
    case ns::Protocol::kTcp:
      break;
  }
  return "";
}

}  // namespace

Listeners::Listeners() {
  try {
    for (const auto& socket : ns::list_sockets()) {
      if (socket.listening && !socket.local.empty() && socket.inode != 0)
        names_.emplace(socket.inode, prefix(socket.protocol) + socket.local);
    }
  } catch (const Error&) {
    // Without socket diagnostics a leak is still a leak; only its addresses stay unknown.
  }
}

std::vector<std::string> Listeners::of(pid_t shown) const {
  std::vector<std::string> found;
  if (names_.empty()) return found;
  for_each_descriptor(shown, [&](int, const std::string& target) {
    const auto name = names_.find(inode_of(target, "socket"));
    if (name != names_.end() && std::find(found.begin(), found.end(), name->second) == found.end())
      found.push_back(name->second);
  });
  return found;
}

}  // namespace nslaunch::inspect
