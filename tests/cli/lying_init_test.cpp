#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "registry/record/control.hpp"
#include "shard/wire/protocol.hpp"
#include "support/fake_init.hpp"
#include "support/live_shard.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using shard::Kind;

std::string raw(int kind, int step, int code, const std::string& payload = {}) {
  std::string bytes(12, '\0');
  bytes[0] = static_cast<char>(kind);
  bytes[1] = static_cast<char>(step);
  const std::int32_t number = code;
  std::memcpy(bytes.data() + 4, &number, sizeof number);
  return bytes + payload;
}

std::string raw(Kind kind, int step, int code, const std::string& payload = {}) {
  return raw(static_cast<int>(kind), step, code, payload);
}

/// Asks for ever to be let alone, in messages that init may send, but not to clients.
void talk_for_ever(int listener) {
  const sys::Fd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  const auto note = raw(Kind::kNote, 0, 0, "and another thing\033[2J");
  while (::send(client.get(), note.data(), note.size(), MSG_NOSIGNAL) > 0) continue;
  say_nothing(listener);
}

/// So many have connected that the next one would have to wait.
void fill_queue(const std::string& path, const std::string& id, std::vector<sys::Fd>& clients) {
  const auto directory = sys::open_file(path, O_PATH | O_DIRECTORY);
  const auto address = registry::address_in(directory.get(), id + ".sock");
  for (;;) {
    sys::Fd client(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
    clients.push_back(std::move(client));
  }
}

}  // namespace

TEST_CASE("exec believes nothing that an init can't have said") {
  const RegistryView registry;
  const auto hello = raw(Kind::kAnswer, 0, 0);
  const std::pair<const char*, FakeInit::Serve> liars[] = {
      {"no greeting", answering(raw(Kind::kStarted, 0, 1))},
      {"a step that there is not", answering(hello, raw(Kind::kFailed, 200, ENOENT))},
      {"a step just behind the last",
       answering(hello, raw(Kind::kFailed, static_cast<int>(shard::steps().size()), 1))},
      {"a kind that there is not", answering(hello, raw(255, 0, 0))},
      {"an answer to another question", answering(hello, raw(Kind::kSocket, 0, 0))},
      {"what is said to launchers", answering(hello, raw(Kind::kFinished, 0, 0))},
      {"a failure without an error", answering(hello, raw(Kind::kFailed, 0, 0))},
      {"three bytes", answering(hello, "abc")},
      {"more than a message holds", answering(hello, std::string(100'000, 'x'))},
      {"no end of it", talk_for_ever},
  };
  int number = 0;
  for (const auto& [lie, serve] : liars) {
    INFO(lie);
    const auto id = fmt::format("liar{}", number++);
    const FakeInit init(registry.path(), id, serve);
    const auto told = registry.ask({"exec", id, "--", "true"});
    CHECK(told.status == 125);
    CHECK(told.signal == 0);
    CHECK_THAT(told.err, Contains("can't understand"));
  }
}

TEST_CASE("list shows the whole of a live shard behind many that say nothing, lie, or take nobody in") {
  const RegistryView registry;
  std::vector<std::unique_ptr<FakeInit>> inits;
  std::vector<sys::Fd> clients;
  for (int number = 0; number < 25; ++number) {
    const auto id = fmt::format("full{}", number);
    inits.push_back(std::make_unique<FakeInit>(registry.path(), id, say_nothing, 0));
    fill_queue(registry.path(), id, clients);
    inits.push_back(std::make_unique<FakeInit>(registry.path(), fmt::format("mute{}", number), say_nothing));
  }
  inits.push_back(std::make_unique<FakeInit>(registry.path(), "endless", talk_for_ever));
  inits.push_back(std::make_unique<FakeInit>(
      registry.path(), "liar", answering(raw(Kind::kListening, 0, 1, std::string("one\0", 4)))));
  const LiveShard live(registry);
  const auto shards = registry.shards();
  REQUIRE(shards.size() == 53);
  for (const auto& shard : shards) {
    CHECK(shard.at("ports").is_array() == (shard.at("id") == live.id));
    CHECK(shard.at("processes").is_number());
  }
}

TEST_CASE("Ctrl-C ends the wait for an init that says nothing, and exec dies of it") {
  const RegistryView registry;
  auto asked = sys::make_pipe();
  const FakeInit init(registry.path(), "mute", [&](int listener) {
    const sys::Fd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    char question[65536];
    if (::recv(client.get(), question, sizeof question, 0) > 0) sys::write_all(asked.write.get(), "x");
    say_nothing(listener);
  });
  Process client(nslaunch({"exec", "mute", "--", "true"}), registry.options());
  char byte = 0;
  REQUIRE(::read(asked.read.get(), &byte, 1) == 1);
  client.send_signal(SIGINT);
  const auto ended = client.wait();
  CHECK(ended.signal == SIGINT);
  CHECK(ended.err.empty());
}

TEST_CASE("what commands do to a record whose init takes nobody in ends, and says why") {
  const RegistryView registry;
  const FakeInit init(registry.path(), "full", say_nothing, 0);
  std::vector<sys::Fd> clients;
  fill_queue(registry.path(), "full", clients);
  const auto exec = registry.ask({"exec", "full", "--", "true"});
  CHECK(exec.status == 125);
  CHECK_THAT(exec.err, Contains("takes nobody in"));
  const auto forward = registry.ask({"port-forward", "full", "0:80"});
  CHECK(forward.status == 125);
  CHECK_THAT(forward.err, Contains("takes nobody in"));
}

}  // namespace nslaunch::test
