#include <linux/capability.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <regex>

#include "support/capture_scene.hpp"
#include "support/live_shard.hpp"
#include "support/privilege_modes.hpp"
#include "support/probe_exchange.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

constexpr std::uint16_t kPort = 9925;

std::uint16_t client_port(const std::vector<Packet>& packets) {
  return packets.empty() ? 0 : packets.front().from;
}

}  // namespace

TEST_CASE("a TCP exchange of two processes in a shard is captured byte for byte, from SYN to FIN") {
  const CaptureScene scene;
  const std::string address = GENERATE("127.0.0.1", "::1");
  constexpr std::size_t kSize = 300000;
  const auto ended = scene.of(fmt::format("$PROBE exchange {} {} {}", address, kPort, kSize));
  CAPTURE(address, ended.err);
  CHECK(ended.status == 0);
  CHECK(ended.err.empty());
  const auto packets = scene.packets();
  const auto client = client_port(packets);
  const auto wanted = exchange_text(kSize);
  CHECK((tcp_stream(packets, client, kPort) == wanted));
  CHECK((tcp_stream(packets, kPort, client) == wanted));
  const int version = address == "::1" ? 6 : 4;
  for (const auto& packet : packets) {
    CHECK(packet.version == version);
    CHECK(((packet.from == kPort && packet.to == client) || (packet.from == client && packet.to == kPort)));
  }
}

TEST_CASE("every datagram is captured once, and nothing of what a shard's start sends") {
  const CaptureScene scene;
  const auto ended = scene.of(
      "for text in a b c; do $PROBE datagram 127.0.0.1 5353 $text && $PROBE datagram ::1 5353 $text-6 || "
      "exit; done");
  CHECK(ended.status == 0);
  CHECK(ended.err.empty());
  CHECK(scene.payloads() == Words{"a", "a-6", "b", "b-6", "c", "c-6"});
  for (const auto& packet : scene.packets()) {
    CHECK(packet.protocol == IPPROTO_UDP);
    CHECK(packet.to == 5353);
    CHECK(packet.version == (packet.payload.ends_with("-6") ? 6 : 4));
  }
}

TEST_CASE("tcpdump reads the file, and sees each packet once") {
  const CaptureScene scene;
  REQUIRE(scene.of(fmt::format("$PROBE exchange 127.0.0.1 {} 100", kPort)).status == 0);
  const auto read = run({"tcpdump", "-nn", "-r", scene.file});
  CAPTURE(read.out, read.err);
  CHECK(read.status == 0);
  CHECK(static_cast<std::size_t>(std::count(read.out.begin(), read.out.end(), '\n')) ==
        scene.packets().size());
  CHECK_THAT(read.out, Contains("> 127.0.0.1.9925: Flags [S]") && Contains("Flags [F.]"));
}

TEST_CASE("a capture can be followed while the command runs") {
  const CaptureScene scene;
  LiveShard shard(scene.registry, {"--pcap=" + scene.file, "--env=PROBE=" + probe_binary()}, kObey);
  CHECK(scene.packets().empty());
  shard.launcher.write_input("$PROBE datagram 127.0.0.1 5353 first\n");
  REQUIRE(shard.launcher.read_line() == "0");
  CHECK(eventually([&] { return scene.packets().size() == 1; }));
  shard.launcher.close_input();
  CHECK(shard.launcher.wait().status == 0);
  CHECK(scene.payloads() == Words{"first"});
}

TEST_CASE("packets that come faster than they can be captured are counted") {
  const CaptureScene scene;
  LiveShard shard(scene.registry,
                  {"--pcap=" + scene.file, "--pcap-size=64K", "--env=PROBE=" + probe_binary()}, kObey);
  // Init captures: nobody empties its buffer while it is stopped.
  const auto init = scene.registry.shards().at(0).at("init_pid").get<pid_t>();
  REQUIRE(::kill(init, SIGSTOP) == 0);
  shard.launcher.write_input(fmt::format("$PROBE exchange 127.0.0.1 {} 20000000\n", kPort));
  CHECK(shard.launcher.read_line() == "0");
  REQUIRE(::kill(init, SIGCONT) == 0);
  shard.launcher.close_input();
  const auto ended = shard.launcher.wait();
  CAPTURE(ended.err);
  CHECK(ended.status == 0);
  const std::regex lost("nslaunch: [1-9][0-9]* packets came faster than they could be captured");
  CHECK(std::regex_search(ended.err, lost));
}

TEST_CASE("two shards at the same time capture their own packets only") {
  const CaptureScene first;
  const CaptureScene second;
  LiveShard one(first.registry, {"--pcap=" + first.file, "--env=PROBE=" + probe_binary()}, kObey);
  LiveShard other(second.registry, {"--pcap=" + second.file, "--env=PROBE=" + probe_binary()}, kObey);
  one.launcher.write_input("$PROBE datagram 127.0.0.1 5353 one\n");
  other.launcher.write_input("$PROBE datagram 127.0.0.1 5353 other\n");
  CHECK(one.launcher.read_line() == "0");
  CHECK(other.launcher.read_line() == "0");
  for (auto* shard : {&one, &other}) {
    shard->launcher.close_input();
    CHECK(shard->launcher.wait().status == 0);
  }
  CHECK(first.payloads() == Words{"one"});
  CHECK(second.payloads() == Words{"other"});
}

TEST_CASE("for the command a capture changes nothing: no process, no descriptor, and it can't be killed") {
  const CaptureScene scene;
  const std::string look = "set -- /proc/[0-9]*; echo $#; ls /proc/self/fd; ";
  const auto without = run(in_shard(look), scene.options());
  const auto ended = scene.of(look, {}, {"--leaks=fail"});
  CHECK(ended.status == without.status);
  CHECK(ended.out == without.out);
  CHECK(ended.err.empty());
  CHECK(scene.of("kill -KILL -1; $PROBE datagram 127.0.0.1 5353 still", {}, {"--leaks=fail"}).status == 0);
  CHECK(scene.payloads() == Words{"still"});
}

TEST_CASE("a reader meets end of file when a command that is captured closes its output and runs on") {
  const CaptureScene scene;
  auto output = sys::make_pipe();
  auto options = scene.options();
  options.prepare = [&] { ::dup2(output.write.get(), STDOUT_FILENO); };
  Process launcher(in_shard("exec >&-; read line; exit 4", {"--pcap=" + scene.file}), options);
  output.write.reset();
  pollfd closed = {output.read.get(), 0, 0};
  CHECK(::poll(&closed, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) == 1);
  CHECK_FALSE(launcher.pidfd().has_ended());
  launcher.close_input();
  CHECK(launcher.wait().status == 4);
}

TEST_CASE("what was sent before a leaked server was killed is in the file, and the server alone is a leak") {
  const CaptureScene scene;
  const auto ended = scene.of(
      "exec 3>/dev/null; mkfifo /tmp/up; $PROBE echo 127.0.0.1 9925 >/tmp/up & read up </tmp/up; "
      "$PROBE datagram 127.0.0.1 5353 last",
      {}, {"--leak-grace=0ms"});
  CHECK(ended.status == 0);
  CHECK_THAT(ended.err, Contains("1 process was still running"));
  CHECK(scene.payloads() == Words{"last"});
}

TEST_CASE("a capture goes on when lo was down for a while") {
  if (::geteuid() != 0) SKIP_TEST("needs root");  // as a user: --map-root, of which ip(8) wants more
  const CaptureScene scene;
  const auto ended = scene.of(
      "$PROBE datagram 127.0.0.1 5353 before; ip link set lo down; ip link set lo up; "
      "$PROBE datagram 127.0.0.1 5353 after");
  CAPTURE(ended.err);
  CHECK(ended.status == 0);
  CHECK(ended.err.empty());
  const auto payloads = scene.payloads();
  CHECK(std::count(payloads.begin(), payloads.end(), "before") == 1);
  CHECK(std::count(payloads.begin(), payloads.end(), "after") == 1);
}

TEST_CASE("a capture works with whatever privilege there is to make a shard with") {
  for (const int missing : {CAP_SYS_ADMIN, CAP_NET_ADMIN}) {
    const CaptureScene scene;
    auto options = scene.options();
    options.environment.emplace_back(kNoLeakSearch);
    options.prepare = [=] { drop_capability(missing); };
    const auto ended = run(
        in_shard("$PROBE datagram 127.0.0.1 5353 text; echo ,$NSLAUNCH_ISOLATION,", {"--pcap=" + scene.file}),
        options);
    CAPTURE(missing, ended.err);
    CHECK_THAT(ended.out, Contains(",user,"));
    CHECK(scene.payloads() == Words{"text"});
  }
}

TEST_CASE("root without CAP_NET_RAW is told what a capture needs") {
  if (::geteuid() != 0) SKIP_TEST("needs root");
  const CaptureScene scene;
  auto options = scene.options();
  options.environment.emplace_back(kNoLeakSearch);
  options.prepare = [] { drop_capability(CAP_NET_RAW); };
  const auto ended = run(in_shard("echo ran", {"--pcap=" + scene.file}), options);
  CAPTURE(ended.err);
  CHECK(explains_itself(ended));
  CHECK_THAT(ended.err, Contains("starting the packet capture for --pcap") && Contains("--cap-add NET_RAW"));
}

TEST_CASE("where packet sockets are refused the step is named, nothing has run, and no file is left") {
  const CaptureScene scene;
  auto options = scene.options();
  options.environment.emplace_back(kNoLeakSearch);
  options.prepare = [] { filter_packet_sockets(); };
  const auto ended = run(in_shard("echo ran", {"--pcap=" + scene.file}), options);
  CAPTURE(ended.err);
  CHECK(explains_itself(ended));
  CHECK_THAT(ended.err, Contains("starting the packet capture for --pcap") &&
                            Contains("Operation not permitted") && Contains("leave out --pcap"));
  CHECK(scene.files().empty());
  CHECK(run(in_shard("true"), options).status == 0);
}

}  // namespace nslaunch::test
