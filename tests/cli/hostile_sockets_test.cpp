#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "shard/wire/protocol.hpp"
#include "support/clients.hpp"
#include "support/fake_init.hpp"
#include "support/forwarded.hpp"
#include "support/identity.hpp"
#include "support/listeners.hpp"
#include "support/missing_page.hpp"
#include "support/namespaces.hpp"
#include "support/process.hpp"
#include "support/skip.hpp"
#include "support/somebody.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

// What root's port-forward has to do with the sockets of another user's shard.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using shard::Kind;

constexpr std::uint16_t kPort = 9926;
constexpr std::chrono::milliseconds kLimit{10'000};  // twice, within that of the test's processes

void serve_for_ever(const sys::Fd& server) {
  for (;;) sys::write_all(sys::Fd(::accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC)).get(), "served");
}

/// Serves the shard's port, and gives whoever asks for a socket one whose lock a thread holds for ever.
FakeInit::Serve give_locked_socket(int device) {
  return [=](int listener) {
    std::thread([] { serve_for_ever(listen_tcp("127.0.0.1", kPort)); }).detach();
    const sys::Fd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    char question[65536];
    if (::recv(client.get(), question, sizeof question, 0) <= 0) return say_nothing(listener);
    const MissingPage page(device);
    const auto socket = connect_tcp("127.0.0.1", kPort);
    const int number = socket.get();
    std::thread([&] { ::send(number, page.get(), 1, MSG_NOSIGNAL); }).detach();
    page.wait_for_reader();
    static_cast<void>(shard::send(client.get(), {.kind = Kind::kSocket, .payload = {}}, {&number, 1}));
    say_nothing(listener);
  };
}

enum class Network { kOwn, kRoots };

/// A process of somebody's, which has published shard "theirs" with that init.
void publish_theirs(Network network, const FakeInit::Serve& serve) {
  if (network == Network::kOwn) {
    sys::check(::unshare(CLONE_NEWNET), "unsharing");
    bring_loopback_up();
  }
  publish_somebodys("theirs", serve);
}

/// Where the only shards are those that `body` makes.
std::string as_root_alone(const std::function<std::string()>& body) {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
  return in_private_mounts([&] {
    ::unsetenv("XDG_RUNTIME_DIR");
    return body();
  });
}

}  // namespace

TEST_CASE("a socket whose lock another user's init holds for ever does not keep port-forward from its end") {
  const sys::Fd device = MissingPage::open_device();
  const auto seen = as_root_alone([&] {
    std::optional<Process> forwarder;  // ends last: what it waits for ends with the other
    const IdleProcess theirs([&] { publish_theirs(Network::kOwn, give_locked_socket(device.get())); });
    forwarder.emplace(nslaunch({"port-forward", "theirs", fmt::format("0:{}", kPort)}));
    const auto client = connect_tcp("127.0.0.1", outer_port(forwarder->read_line()));
    pollfd watched = {client.get(), POLLIN, 0};
    const std::string answer =
        ::poll(&watched, 1, static_cast<int>(kLimit.count())) == 1 ? read_all(client) : "no answer";
    forwarder->send_signal(SIGKILL);
    const bool ended = forwarder->pidfd().wait_for_end(kLimit);
    return answer + (ended ? ", ended" : ", can't be killed");
  });
  CHECK(seen == "served, ended");
}

TEST_CASE("root's port-forward reaches a server in another user's shard, whose socket is that user's") {
  const auto seen = as_root_alone([] {
    StartOptions options;
    options.directory = "/";
    options.prepare = [] { become(kSomebody); };
    const auto script = "echo $NSLAUNCH_ID; exec " + probe_binary() + " echo 127.0.0.1 9926";
    Process launcher(in_shard(script), options);
    const auto id = launcher.read_line();
    launcher.read_line();  // "up"
    Process forwarder(nslaunch({"port-forward", id, "0:9926", "0:1"}));
    const auto client = connect_tcp("127.0.0.1", outer_port(forwarder.read_line()));
    const auto nobody = read_all(connect_tcp("127.0.0.1", outer_port(forwarder.read_line())));
    sys::write_all(client.get(), "x");
    char echoed = 0;
    ::recv(client.get(), &echoed, 1, MSG_WAITALL);
    const auto sockets =
        nlohmann::json::parse(run(nslaunch({"inspect", id, "--json"})).out).at("sockets").dump();
    launcher.send_signal(SIGTERM);
    const auto ended = forwarder.wait();
    return fmt::format("{} {} {} {}", echoed, nobody, ended.status, ended.err) + sockets;
  });
  CAPTURE(seen);
  CHECK_THAT(seen, StartsWith("x reset 0 nslaunch: ") && Contains(" has ended\n["));
  CHECK_THAT(seen, Contains("nobody listens on 127.0.0.1:1 in shard "));
  CHECK_THAT(seen, Contains("\"uid\":54321") && !Contains("\"uid\":0"));
}

TEST_CASE("another user's shard in root's own network is none that root's port-forward leads into") {
  const auto seen = as_root_alone([] {
    const IdleProcess theirs([] { publish_theirs(Network::kRoots, say_nothing); });
    const auto ended = run(nslaunch({"port-forward", "theirs", "0:9926"}));
    return std::to_string(ended.status) + ended.out + ended.err;
  });
  CHECK_THAT(seen, StartsWith("125nslaunch: ") && Contains("it is the one that nslaunch is in"));
}

}  // namespace nslaunch::test
