#include <sys/socket.h>
#include <sys/time.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <optional>

#include "support/failing_calls.hpp"
#include "support/forwarded.hpp"
#include "support/identity.hpp"
#include "support/listeners.hpp"
#include "support/live_shard.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

Words operator+(Words left, const Words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

/// A shard that runs beside what is tried and must not come to harm.
struct WithLiveShard : Deed {
  LiveShard live;

  explicit WithLiveShard(const std::string& script = "exec cat")
      : live(registry, {"--leaks=ignore"}, script) {}
  ~WithLiveShard() { CHECK(registry.state(live.id) == "running"); }
};

/// The record of a shard whose launcher and init are dead: its file's name and content.
struct DeadRecord {
  std::string name;
  std::string content;

  explicit DeadRecord(const RegistryView& registry) {
    LiveShard shard(registry);
    name = shard.id + ".shard";
    content = sys::read_file((registry.path() + "/" + name).c_str()).value_or("");
  }
  void write_to(const RegistryView& registry) const {
    const auto file = sys::open_file(registry.path() + "/" + name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    REQUIRE(sys::write_all(file.get(), content) == 0);
  }
};

/// What is wrong about nslaunch's answer to somebody who has asked a shard whose launcher or init fails.
std::string wrong_answer(const Deed& deed, const Words& words) {
  try {
    const auto answer = Process(nslaunch(words), deed.options()).wait();
    const bool ours = answer.err.rfind("nslaunch: ", 0) == 0;
    if (answer.signal == 0 && (answer.status == 0 || ours)) return {};
    return fmt::format("{}: status {}, signal {}: {}", words.front(), answer.status, answer.signal,
                       answer.err);
  } catch (const std::exception& hang) {
    return words.front() + ": " + hang.what();
  }
}

/// Waits until the program has written a line or ended, and returns that line.
std::string first_line(const CallTracer& tracer) {
  std::string output;
  eventually([&] { return !(output = tracer.output()).empty() || tracer.pidfd().has_ended(); });
  return output.substr(0, output.find('\n'));
}

/// A client's exchange with the echo server behind a forwarded port. A client may be turned away.
std::string wrong_exchange(std::uint16_t port) {
  sys::Fd client;
  try {
    client = connect_tcp("127.0.0.1", port);
  } catch (const Error&) {  // it has ended, which is judged by how it has
    return {};
  }
  const timeval limit = {20, 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  char byte = 'x';
  ::send(client.get(), &byte, 1, MSG_NOSIGNAL);
  const auto count = ::recv(client.get(), &byte, 1, 0);
  return count < 0 && errno == EAGAIN ? "a client was never answered" : "";
}

}  // namespace

TEST_CASE("whichever system call of a launch fails, the command runs apart from the host or 125 says why") {
  Deed deed;
  deed.words = nslaunch({"--"}) + deed.look_around();
  deed.wrong = [](const Traced& traced) { return not_apart(traced, 1, 7); };
  try_with_failing_calls(deed);
}

TEST_CASE(
    "whichever system call of a run of three shards fails, all run apart from the host or 125 says why") {
  Deed deed;
  deed.words = nslaunch({"run", "--shards", "3", "-j", "3", "--"}) + deed.look_around();
  deed.wrong = [](const Traced& traced) { return not_apart(traced, 3, 1); };
  try_with_failing_calls(deed);
}

TEST_CASE("whichever system call of exec fails, the command runs in the shard or 125 says why") {
  WithLiveShard deed;
  deed.words = nslaunch({"exec", deed.live.id, "--"}) + deed.look_around();
  deed.wrong = [](const Traced& traced) { return not_apart(traced, 1, 7); };
  try_with_failing_calls(deed);
}

TEST_CASE("whichever system call of list fails, it lists the shard or says why not") {
  WithLiveShard deed;
  const DeadRecord dead(deed.registry);
  deed.before = [&] { dead.write_to(deed.registry); };
  deed.words = nslaunch({"list"});
  deed.wrong = [&](const Traced& traced) -> std::string {
    const bool lists = traced.out.find(deed.live.id + "\t") != std::string::npos;
    if (traced.status == 0 && (lists || !traced.err.empty())) return {};
    return fmt::format("status {}, signal {}, stdout {}, stderr {}", traced.status, traced.signal, traced.out,
                       traced.err);
  };
  try_with_failing_calls(deed);
}

TEST_CASE("whichever system call of reap fails, it removes a dead shard's record or says why not") {
  WithLiveShard deed;
  const DeadRecord dead(deed.registry);
  deed.before = [&] { dead.write_to(deed.registry); };
  deed.words = nslaunch({"reap"});
  deed.wrong = [&](const Traced& traced) -> std::string {
    const bool left = std::filesystem::exists(deed.registry.path() + "/" + dead.name);
    if (traced.status == 0 && (!left || !traced.err.empty())) return {};
    return fmt::format("status {}, signal {}, stderr {}, {}", traced.status, traced.signal, traced.err,
                       left ? "left" : "removed");
  };
  try_with_failing_calls(deed);
}

TEST_CASE(
    "whichever system call of port-forward fails, no client waits for ever and it ends when it is told to") {
  WithLiveShard deed(probe_binary() + " echo 127.0.0.1 9926 & cat");
  deed.words = nslaunch({"port-forward", deed.live.id, "0:9926"});
  deed.waited_out = {"accept4", "fcntl"};  // the client stays in the backlog, and is taken in when it is over
  deed.beside = [](const CallTracer& forwarder) -> std::string {
    const auto line = first_line(forwarder);
    if (line.empty()) return {};
    const auto wrong = wrong_exchange(outer_port(line));
    forwarder.pidfd().send_signal(SIGTERM);
    return wrong;
  };
  deed.wrong = [](const Traced& traced) -> std::string {
    if (traced.signal == SIGTERM || traced.status == 128 + SIGTERM) return {};
    return fmt::format("status {}, signal {}, stderr {}", traced.status, traced.signal, traced.err);
  };
  try_with_failing_calls(deed);
}

TEST_CASE("whichever system call fails of a shard that has clients, they are answered and it can be killed") {
  Deed deed;
  deed.words = nslaunch(
      {"--name", "visited", "--grace", "200ms", "--", "sh", "-c", "echo up; exec sleep infinity", deed.mark});
  deed.beside = [&](const CallTracer& launcher) -> std::string {
    if (first_line(launcher).empty()) return {};
    std::string wrong;
    for (const Words& words : {Words{"exec", "visited", "--", "true"}, Words{"inspect", "visited"},
                               Words{"ports", "visited"}, Words{"kill", "--grace", "5s", "visited"}}) {
      wrong += wrong_answer(deed, words);
    }
    // What could not be killed as it is meant to be, by its name.
    launcher.pidfd().send_signal(SIGTERM);
    return wrong;
  };
  deed.wrong = [](const Traced& traced) -> std::string {
    if (traced.signal == SIGTERM || traced.status == 128 + SIGTERM) return {};
    // What can't be told to end is killed, and that its command's exec(2) has failed is said.
    if ((traced.signal == SIGKILL || traced.status == 126) && !traced.err.empty()) return {};
    return fmt::format("status {}, signal {}, stderr {}", traced.status, traced.signal, traced.err);
  };
  try_with_failing_calls(deed);
}

}  // namespace nslaunch::test
