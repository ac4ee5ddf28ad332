#include "ns/net/sockets.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

#include "support/listeners.hpp"
#include "support/namespaces.hpp"
#include "support/skip.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/check.hpp"
#include "sys/process/channel.hpp"

namespace {

using namespace nslaunch;
using ns::Protocol;
using ns::Socket;

std::string in_fresh_network(const std::function<std::string()>& body) {
  return test::in_new_namespaces(CLONE_NEWNET, [&] {
    test::bring_loopback_up();
    return body();
  });
}

/// One line for each socket that `wanted` lets through, sorted.
std::string lines(const std::function<bool(const Socket&)>& wanted,
                  const std::function<std::string(const Socket&)>& format) {
  std::multiset<std::string> sorted;
  for (const auto& socket : ns::list_sockets())
    if (wanted(socket)) sorted.insert(format(socket));
  std::string text;
  for (const auto& line : sorted) text += line + "\n";
  return text;
}

std::string local(const Socket& socket) {
  return socket.local;
}

std::function<bool(const Socket&)> listening(Protocol protocol) {
  return [=](const Socket& socket) { return socket.protocol == protocol && socket.listening; };
}

/// The columns of `ss` that are asked for, each line's joined by blanks, sorted.
std::string ss(const char* command, const std::vector<std::size_t>& columns) {
  const std::unique_ptr<FILE, int (*)(FILE*)> output(::popen(command, "r"), ::pclose);
  std::multiset<std::string> sorted;
  char line[4096];
  while (output && std::fgets(line, sizeof line, output.get()) != nullptr) {
    std::istringstream words(line);
    std::vector<std::string> all;
    for (std::string word; words >> word;) all.push_back(word);
    std::string chosen;
    for (const auto column : columns) chosen += (chosen.empty() ? "" : " ") + all.at(column);
    // ss writes * for a v6 socket that takes v4 connections too.
    if (const auto star = chosen.find("*:"); star != std::string::npos) chosen.replace(star, 1, "[::]");
    sorted.insert(chosen);
  }
  std::string text;
  for (const auto& chosen : sorted) text += chosen + "\n";
  return text;
}

void need_ss() {
  if (std::system("command -v ss >/dev/null") != 0) SKIP_TEST("ss (iproute2) is not installed");
}

}  // namespace

TEST_CASE("listening TCP sockets of both families are listed with their addresses", "[sockets]") {
  CHECK(in_fresh_network([] {
          const auto a = test::listen_tcp("127.0.0.1", 9926);
          const auto b = test::listen_tcp("127.0.0.2", 9926);
          const auto c = test::listen_tcp("0.0.0.0", 80 + 1024);
          const auto d = test::listen_tcp("::1", 1883);
          const auto e = test::listen_tcp("::", 8883);
          return lines(listening(Protocol::kTcp), local);
        }) == "0.0.0.0:1104\n127.0.0.1:9926\n127.0.0.2:9926\n[::1]:1883\n[::]:8883\n");
}

TEST_CASE("one old request lists the TCP listeners of both families, and nothing else", "[sockets][K35]") {
  CHECK(in_fresh_network([] {
          const auto v4 = test::listen_tcp("127.0.0.1", 9926);
          const auto v6 = test::listen_tcp("::1", 1883);
          const auto client = test::connect_tcp("127.0.0.1", 9926);
          const auto other = test::bind_udp("127.0.0.1", 5353);
          std::set<std::string> seen;
          for (const auto& socket : ns::list_tcp_listeners()) {
            const bool right = socket.listening && socket.protocol == Protocol::kTcp;
            const auto inode = test::inode_of(socket.local.starts_with('[') ? v6 : v4);
            seen.insert(socket.local + (right && socket.inode == inode ? "" : " wrong"));
          }
          return fmt::format("{}", fmt::join(seen, " "));
        }) == "127.0.0.1:9926 [::1]:1883");
}

TEST_CASE("each of several listeners that share a port through SO_REUSEPORT is listed", "[sockets]") {
  CHECK(in_fresh_network([] {
          const auto first = test::listen_tcp("127.0.0.1", 9925, 5, true);
          const auto second = test::listen_tcp("127.0.0.1", 9925, 5, true);
          std::set<std::uint64_t> inodes;
          for (const auto& socket : ns::list_sockets())
            if (socket.local == "127.0.0.1:9925") inodes.insert(socket.inode);
          const std::set<std::uint64_t> expected = {test::inode_of(first), test::inode_of(second)};
          return inodes == expected ? "both" : fmt::format("{} inodes", inodes.size());
        }) == "both");
}

TEST_CASE("a UDP socket is listening until it is connected", "[sockets]") {
  CHECK(in_fresh_network([] {
          const auto v4 = test::bind_udp("127.0.0.1", 5353);
          const auto v6 = test::bind_udp("::1", 5353);
          const auto connected = test::bind_udp("127.0.0.1", 5354);
          sockaddr_storage peer = {};
          socklen_t length = sizeof peer;
          ::getsockname(v4.get(), reinterpret_cast<sockaddr*>(&peer), &length);
          sys::check(::connect(connected.get(), reinterpret_cast<sockaddr*>(&peer), length), "connecting");
          return lines([](const Socket& socket) { return socket.protocol == Protocol::kUdp; },
                       [](const Socket& socket) {
                         return fmt::format("{}{}{}", socket.local, socket.listening ? " listening" : " to ",
                                            socket.remote);
                       });
        }) == "127.0.0.1:5353 listening\n127.0.0.1:5354 to 127.0.0.1:5353\n[::1]:5353 listening\n");
}

TEST_CASE("Unix listeners are listed by path and abstract name, with owner and queue", "[sockets]") {
  const test::TempDir directory;
  const std::string path = directory / "server.sock";
  CHECK(in_fresh_network([&] {
          const auto a = test::listen_unix(path, 7);
          const auto b = test::listen_unix("@nslaunch-test", 3);
          const auto pair = sys::make_channel();
          return lines(listening(Protocol::kUnix), [](const Socket& socket) {
            return fmt::format("{} {} {} {}", socket.local, socket.queued, socket.backlog, socket.uid);
          });
        }) == fmt::format("{} 0 7 {}\n@nslaunch-test 0 3 {}\n", path, ::geteuid(), ::geteuid()));
}

TEST_CASE("both ends of a connection are listed, and a waiting one is counted in the queue", "[sockets]") {
  CHECK(in_fresh_network([] {
          const auto listener = test::listen_tcp("127.0.0.1", 9926, 9);
          const auto client = test::connect_tcp("127.0.0.1", 9926);
          std::string text;
          for (const auto& socket : ns::list_sockets()) {
            if (socket.inode == test::inode_of(listener))
              text += fmt::format("queue {}/{}\n", socket.queued, socket.backlog);
            if (socket.inode == test::inode_of(client)) text += fmt::format("client to {}\n", socket.remote);
          }
          return text;
        }) == "queue 1/9\nclient to 127.0.0.1:9926\n");
}

TEST_CASE("sockets of another network namespace are not listed", "[sockets]") {
  const auto outside = test::listen_tcp("127.0.0.1", 0);
  const auto abstract = test::listen_unix("@nslaunch-test-outside-" + std::to_string(::getpid()));
  CHECK(in_fresh_network([] { return lines([](const Socket&) { return true; }, local); }).empty());
}

TEST_CASE("the listing agrees with ss", "[sockets]") {
  need_ss();
  const test::TempDir directory;
  const std::string differences = in_fresh_network([&] {
    std::vector<sys::Fd> open;
    for (int i = 0; i < 3; ++i) open.push_back(test::listen_tcp("127.0.0.1", 9925, 4 + i, true));
    for (const char* address : {"127.0.0.1", "127.9.8.7", "::1"}) {
      open.push_back(test::listen_tcp(address, 9926));
      open.push_back(test::bind_udp(address, 5353));
    }
    open.push_back(test::listen_tcp("::", 8883, 11));
    open.push_back(test::bind_udp("::", 53 + 1024));
    open.push_back(test::listen_unix("@nslaunch-test"));
    open.push_back(test::listen_unix(directory / "server.sock"));
    open.push_back(test::connect_tcp("::1", 9926));
    const auto queues = [](const Socket& socket) {
      return fmt::format("{} {} {}", socket.queued, socket.backlog, socket.local);
    };
    std::string text;
    const auto compare = [&](const std::string& ours, const std::string& theirs) {
      if (ours.empty() || ours != theirs) text += "ours:\n" + ours + "ss:\n" + theirs;
    };
    compare(lines(listening(Protocol::kTcp), queues), ss("ss -ltnH", {1, 2, 3}));
    compare(lines(listening(Protocol::kUdp), local), ss("ss -lunH", {3}));
    compare(lines(listening(Protocol::kUnix), queues), ss("ss -xlH", {2, 3, 4}));
    return text;
  });
  INFO(differences);
  CHECK(differences.empty());
}

TEST_CASE("sockets that fill many messages are all listed", "[sockets]") {
  CHECK(in_fresh_network([] {
          std::vector<sys::Fd> open;
          for (std::uint16_t i = 0; i < 900; ++i)
            open.push_back(test::listen_tcp("127.0.0.1", static_cast<std::uint16_t>(20000 + i)));
          const auto all = ns::list_sockets();
          return std::to_string(std::count_if(all.begin(), all.end(), listening(Protocol::kTcp)));
        }) == "900");
}

TEST_CASE("what others write to the socket that asks the kernel is not taken for the kernel's", "[sockets]") {
  CHECK(
      in_fresh_network([] {
        const auto server = test::listen_tcp("127.0.0.1", 9926);
        auto asks = ns::open_socket_diagnostics();
        sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
        socklen_t size = sizeof address;
        auto* const as_any = reinterpret_cast<sockaddr*>(&address);
        sys::check(::bind(asks.get(), as_any, size), "binding");
        sys::check(::getsockname(asks.get(), as_any, &size), "looking up its port");
        struct {
          nlmsghdr header;
          inet_diag_msg socket;
          nlmsghdr done;
          int error;
        } forged = {};
        forged.header = {sizeof forged.header + sizeof forged.socket, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, 0, 0};
        forged.socket.idiag_family = AF_INET;
        forged.socket.idiag_state = TCP_LISTEN;
        forged.socket.id.idiag_sport = htons(6666);
        forged.done = {sizeof forged.done + sizeof forged.error, NLMSG_DONE, NLM_F_MULTI, 0, 0};
        const auto writes = ns::open_socket_diagnostics();
        sys::check(::sendto(writes.get(), &forged, sizeof forged, 0, as_any, size), "forging an answer");
        const std::string long_one(60'000, '\0');
        sys::check(::sendto(writes.get(), long_one.data(), long_one.size(), 0, as_any, size),
                   "writing more than the kernel does");
        std::string found;
        for (const auto& socket : ns::list_sockets(std::move(asks))) found += socket.local + " ";
        return found;
      }) == "127.0.0.1:9926 ");
}
