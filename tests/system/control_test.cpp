#include "registry/record/control.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "support/fake_init.hpp"
#include "support/live_shard.hpp"
#include "support/skip.hpp"
#include "support/somebody.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/process/identity.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// The one shard of a registry, as it lists it.
ShardEntry entry_of(const RegistryView& registry) {
  ::setenv("NSLAUNCH_STATE_DIR", registry.path().c_str(), 1);
  auto entries = list();
  ::unsetenv("NSLAUNCH_STATE_DIR");
  return entries.at(0);
}

/// Why nobody is connected to, empty where somebody is.
std::string refusal(const ShardEntry& entry) {
  try {
    registry::Controls().connect(entry);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

/// A directory like a registry's, somebody's.
struct Directory {
  explicit Directory(uid_t owner) : uid(owner) {
    sys::check(::mkdir(path.c_str(), 0700), "making a directory");
    if (owner != ::geteuid()) sys::check(::chown(path.c_str(), owner, owner), "giving it away");
  }
  /// What a record there says.
  ShardEntry entry(const ProcessIdentity& init) const {
    ShardEntry entry;
    entry.record = make_record("trap");
    entry.record.uid = uid;
    entry.record.init = init;
    entry.state = ShardState::kRunning;
    entry.path = path + "/trap.shard";
    return entry;
  }
  std::string socket() const { return path + "/trap.sock"; }

  TempDir around;
  std::string path = around / "state";
  uid_t uid;
};

sys::Fd listen_at(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  sys::Fd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const auto* named = reinterpret_cast<const sockaddr*>(&address);
  sys::check(::bind(listener.get(), named, sizeof address), "binding");
  sys::check(::chmod(path.c_str(), 0700), "closing it to others");
  sys::check(::listen(listener.get(), 4), "listening");
  return listener;
}

}  // namespace

TEST_CASE("a control socket that is a link to another shard's is not followed") {
  const RegistryView registry;
  const LiveShard live(registry);
  const auto real = entry_of(registry);
  REQUIRE(refusal(real).empty());
  const Directory directory(::geteuid());
  REQUIRE(::symlink((registry.path() + "/" + live.id + ".sock").c_str(), directory.socket().c_str()) == 0);
  CHECK_THAT(refusal(directory.entry(real.record.init)),
             Contains("is no socket") && Contains("nothing was sent"));
}

TEST_CASE("a control socket that has a second name, or is open to others, is not used") {
  const RegistryView registry;
  const LiveShard live(registry);
  const auto real = entry_of(registry);
  const auto socket = registry.path() + "/" + live.id + ".sock";
  const auto second = registry.path() + "/second";
  REQUIRE(::link(socket.c_str(), second.c_str()) == 0);
  CHECK_THAT(refusal(real), Contains("another name"));
  REQUIRE(::unlink(second.c_str()) == 0);
  REQUIRE(::chmod(socket.c_str(), 0777) == 0);
  CHECK_THAT(refusal(real), Contains("open to others"));
}

TEST_CASE("a user's record that leads to root's shard, by a link or by its init, leads nowhere") {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
  const RegistryView registry;
  const LiveShard live(registry);
  const auto roots = entry_of(registry).record.init;
  const auto roots_socket = registry.path() + "/" + live.id + ".sock";
  {
    const Directory directory(kSomebody);
    REQUIRE(::symlink(roots_socket.c_str(), directory.socket().c_str()) == 0);
    CHECK_THAT(refusal(directory.entry(roots)), Contains("reaching shard trap"));
    const IdleProcess own([] { become(kSomebody); });  // so that the record's init is its owner's
    CHECK_THAT(refusal(directory.entry(own.identity())), Contains("is no socket"));
  }
  {
    const Directory directory(kSomebody);
    REQUIRE(::link(roots_socket.c_str(), directory.socket().c_str()) == 0);
    const IdleProcess own([] { become(kSomebody); });
    CHECK_THAT(refusal(directory.entry(own.identity())), Contains("belongs to another user"));
  }
  {
    const Directory directory(kSomebody);
    const auto listener = listen_at(directory.socket());
    REQUIRE(::chown(directory.socket().c_str(), kSomebody, kSomebody) == 0);
    CHECK_THAT(refusal(directory.entry(roots)), Contains("reaching shard trap"));
    const IdleProcess own([] { become(kSomebody); });
    CHECK_THAT(refusal(directory.entry(own.identity())), Contains("not served by its init"));
  }
}

TEST_CASE("a control socket that another process than the recorded init serves is not used") {
  const Directory directory(::geteuid());
  const auto listener = listen_at(directory.socket());
  const IdleProcess other;
  CHECK_THAT(refusal(directory.entry(other.identity())), Contains("not served by its init"));
  CHECK(refusal(directory.entry(own_identity())).empty());
}

TEST_CASE("who listens last is who the kernel names to those that connect") {
  const Directory directory(::geteuid());
  const auto listener = listen_at(directory.socket());
  CHECK(refusal(directory.entry(own_identity())).empty());
  const IdleProcess heir([&] { sys::check(::listen(listener.get(), 4), "listening once more"); });
  CHECK_THAT(refusal(directory.entry(own_identity())), Contains("not served by its init"));
  CHECK(refusal(directory.entry(heir.identity())).empty());
}

TEST_CASE("a process that is another user's is nobody's init in a user's record") {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
  const IdleProcess roots_own;
  CHECK(sys::find(roots_own.identity(), 0));
  CHECK_FALSE(sys::find(roots_own.identity(), kSomebody));
  const IdleProcess half([] { sys::check(::setresuid(kSomebody, 0, 0), "becoming half another user"); });
  CHECK_FALSE(sys::find(half.identity(), kSomebody));
  CHECK_FALSE(sys::find(half.identity(), 0));
}

}  // namespace nslaunch::test
