#include "shard/launcher/control_client.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "registry/record/control.hpp"
#include "support/live_shard.hpp"
#include "support/registry_scene.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/process/channel.hpp"

namespace nslaunch::test {
namespace {

using shard::Kind;

/// A shard whose control socket anybody may talk to as they like.
struct Besieged {
  RegistryView registry;
  LiveShard shard{registry};
  ShardEntry entry;

  Besieged() {
    ::setenv("NSLAUNCH_STATE_DIR", registry.path().c_str(), 1);
    entry = list().at(0);
    ::unsetenv("NSLAUNCH_STATE_DIR");
  }
  sys::Fd connect() const { return registry::Controls().connect(entry); }
  /// The whole way of a well-behaved client.
  bool serves() const {
    return run(nslaunch({"exec", shard.id, "--", "echo", "served"}), registry.options()).out == "served\n";
  }
  /// What it answers to a message with these descriptors; its step is kClone where nothing came.
  shard::Message answer(const shard::Message& message, const std::vector<int>& descriptors) const {
    const auto connection = connect();
    ::fcntl(connection.get(), F_SETFL, 0);
    REQUIRE(shard::send(connection.get(), message, descriptors));
    return shard::receive(connection.get()).value_or(shard::Message());
  }
};

sys::Fd memory_with(const std::string& text, unsigned seals) {
  sys::Fd file(sys::check(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING), "making a file"));
  sys::write_all(file.get(), text);
  ::fcntl(file.get(), F_ADD_SEALS, seals);
  return file;
}

constexpr unsigned kSealed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;

}  // namespace

TEST_CASE("a client that is of another version, or not to be understood, is refused, and no other is") {
  const Besieged besieged;
  const shard::Message request = {.kind = Kind::kStart, .code = shard::kControlVersion, .payload = {}};
  const auto refused = [&](const shard::Message& message, const std::vector<int>& descriptors) {
    const auto answer = besieged.answer(message, descriptors);
    return answer.kind == Kind::kFailed && answer.code == EPROTO;
  };
  CHECK(refused({.kind = Kind::kStart, .code = shard::kControlVersion + 1, .payload = {}}, {0, 1, 2}));
  CHECK(refused({.kind = Kind::kSocket, .code = shard::kControlVersion, .payload = "nonsense"}, {}));
  CHECK(refused(request, {}));
  CHECK(refused(request, {0, 1, 2, 2}));  // the request is no memory file
  const TempDir temporary;
  write(temporary / "request", pack(shard::ProcessRequest{{}, {}, {"true"}}));
  const auto ordinary = sys::open_file(temporary / "request", O_RDWR);
  CHECK(refused(request, {ordinary.get(), 0, 1, 2}));
  const auto growing =
      memory_with(pack(shard::ProcessRequest{{}, {}, {"true"}}), F_SEAL_WRITE | F_SEAL_SHRINK);
  CHECK(refused(request, {growing.get(), 0, 1, 2}));
  const auto open = memory_with(pack(shard::ProcessRequest{{}, {}, {"true"}}), 0);
  CHECK(refused(request, {open.get(), 0, 1, 2}));
  const auto damaged = memory_with(std::string("/\0"
                                               "99\0A=1\0",
                                               9),
                                   kSealed);
  CHECK(refused(request, {damaged.get(), 0, 1, 2}));
  const auto good = memory_with(pack(shard::ProcessRequest{{}, {}, {"true"}}), kSealed);
  CHECK(refused(request, {good.get(), 0}));
  CHECK(besieged.answer(request, {good.get(), 0, 1, 2}).kind == Kind::kStarted);
  CHECK(besieged.serves());
}

TEST_CASE("a client can't bring others: only the launcher hands over connections") {
  const Besieged besieged;
  const auto connection = besieged.connect();
  auto [ours, theirs] = sys::make_channel();
  const int number = theirs.get();
  REQUIRE(shard::send(connection.get(), {.kind = Kind::kClient, .payload = {}}, {&number, 1}));
  theirs.reset();
  CHECK_FALSE(shard::receive(ours.get()));  // it is closed
  CHECK(besieged.serves());
}

TEST_CASE("clients that say nothing, too much, or leave in the middle harm nobody") {
  Besieged besieged;
  std::vector<sys::Fd> silent;
  for (int count = 0; count < 300; ++count) {
    const auto connection = besieged.connect();
    ::send(connection.get(), "x", 1, MSG_NOSIGNAL);
    if (count % 10 == 0) silent.push_back(besieged.connect());
  }
  const std::string longest(100'000, 'x');
  ::send(silent.front().get(), longest.data(), longest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  CHECK(besieged.serves());
  besieged.shard.launcher.close_input();
  CHECK(besieged.shard.launcher.wait().status == 0);
}

TEST_CASE("more clients than a shard takes wait for others to leave") {
  Besieged besieged;
  std::vector<sys::Fd> clients;
  for (int count = 0; count < 300; ++count) clients.push_back(besieged.connect());
  Process late(nslaunch({"exec", besieged.shard.id, "--", "echo", "served"}), besieged.registry.options());
  clients.clear();
  CHECK(late.wait().out == "served\n");
  CHECK(besieged.serves());
}

TEST_CASE("a shard that may open hardly any descriptors lives on whoever connects to it") {
  const RegistryView registry;
  const auto options = registry.options();
  Process launcher({"sh", "-c", "ulimit -n 14; exec \"$@\"", "sh", nslaunch({}).front(), "--", "sh", "-c",
                    "echo $NSLAUNCH_ID; cat"},
                   options);
  const auto id = launcher.read_line();
  std::vector<std::unique_ptr<Process>> clients;
  for (int count = 0; count < 10; ++count) {
    clients.push_back(std::make_unique<Process>(nslaunch({"exec", id, "--", "true"}), options));
  }
  launcher.close_input();
  CHECK(launcher.wait().status == 0);
}

}  // namespace nslaunch::test
