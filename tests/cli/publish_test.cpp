#include <sys/resource.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <set>
#include <sstream>

#include "support/clients.hpp"
#include "support/identity.hpp"
#include "support/listeners.hpp"
#include "support/published.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

std::string echo_at(const std::string& address, const std::string& port) {
  return probe_binary() + " echo " + address + " " + port + " & ";
}

/// What the probe says of the descriptors that it was given: their numbers.
std::set<std::string> numbers_given(const Words& options) {
  Words words = {"run"};
  words.insert(words.end(), options.begin(), options.end());
  words.insert(words.end(), {"--", probe_binary()});
  std::istringstream lines(run(nslaunch(words)).out);
  std::set<std::string> numbers;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("fd ")) numbers.insert(line.substr(0, line.find(' ', 3)));
  }
  return numbers;
}

bool is_free(std::uint16_t port) {
  try {
    listen_tcp("127.0.0.1", port);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

TEST_CASE("a server that half-closes first through --publish hears its client's answer") {
  const RegistryView registry;
  Process launcher(in_shard_with_one_stream(probe_binary() + " greet 127.0.0.1 9926",
                                            {"--leaks=ignore", "--publish", "0:9926"}),
                   registry.options());
  const auto port = published_port(launcher.read_line());
  launcher.read_line();  // "up"
  const auto client = connect_tcp("127.0.0.1", port);
  CHECK(read_all(client) == "hello");
  REQUIRE(sys::write_all(client.get(), "and you") == 0);
  ::shutdown(client.get(), SHUT_WR);
  CHECK(launcher.read_line() == "and you");
}

TEST_CASE("option --publish takes several ports, v4 and v6, also to a low one, and says where port 0 leads") {
  const RegistryView registry;
  Process launcher(in_shard_with_one_stream(echo_at("127.0.0.1", "80") + "cat",
                                            {"--leaks=ignore", "--publish", "0:80", "--publish", "[::1]:0:80",
                                             "--publish", "0:1"}),
                   registry.options());
  const auto v4 = launcher.read_line();
  const auto v6 = launcher.read_line();
  const auto nobody = launcher.read_line();
  CHECK_THAT(v4, Contains("nslaunch: 127.0.0.1:") && Contains(" leads to 127.0.0.1:80 in the shard"));
  CHECK_THAT(v6, Contains("nslaunch: [::1]:"));
  // Listening before the shard is there: nobody is refused, whatever becomes of him.
  connect_tcp("127.0.0.1", published_port(v4));
  while (launcher.read_line() != "up") continue;
  CHECK(answer_to(connect_tcp("127.0.0.1", published_port(v4)), "four") == "four");
  CHECK(answer_to(connect_tcp("::1", published_port(v6)), "six") == "six");
  for (int count = 0; count < 2; ++count) {
    CHECK(read_all(connect_tcp("127.0.0.1", published_port(nobody))) == "reset");
  }
  launcher.close_input();
  const auto said = launcher.wait().out;
  const std::string once = "nslaunch: nobody listens on 127.0.0.1:1 in the shard: its clients are reset\n";
  CHECK_THAT(said, Catch::EndsWith(once));
  CHECK(said.find(once) == said.size() - once.size());
}

TEST_CASE("NSLAUNCH_OPT_PUBLISH publishes a port a line") {
  const RegistryView registry;
  auto options = registry.options();
  options.environment.push_back("NSLAUNCH_OPT_PUBLISH=0:9926\n[::1]:0:9926");
  Process launcher(in_shard_with_one_stream(echo_at("127.0.0.1", "9926") + "cat", {"--leaks=ignore"}),
                   options);
  const auto v4 = published_port(launcher.read_line());
  const auto v6 = published_port(launcher.read_line());
  CHECK(launcher.read_line() == "up");
  CHECK(answer_to(connect_tcp("127.0.0.1", v4), "four") == "four");
  CHECK(answer_to(connect_tcp("::1", v6), "six") == "six");
}

TEST_CASE("a port that can't be published is an error, nothing has run, and nothing is left") {
  const RegistryView registry;
  const auto taken = listen_tcp("127.0.0.1", 0);
  const auto port = std::to_string(port_of(taken));
  const auto refusal_of = [&](const Words& options) { return registry.refusal_of(options); };
  CHECK_THAT(refusal_of({"--publish", port + ":9926"}),
             Contains("listening on 127.0.0.1:" + port + ": Address already in use") &&
                 Contains("--publish 0:9926"));
  CHECK_THAT(refusal_of({"--publish", "127.0.0.3:" + port, "--publish", "127.0.0.3:" + port}),
             Contains("listening on 127.0.0.3:" + port + ": Address already in use"));
  CHECK_THAT(refusal_of({"--publish", "192.0.2.1:1234"}), Contains("192.0.2.1:1234: Cannot assign"));
  for (const auto* wrong : {"x", "0", "1:0", "1:2:3:4", "[::1]1", ":1", "65536"}) {
    CAPTURE(wrong);
    CHECK_THAT(refusal_of({"--publish", wrong}), Contains("--publish: '") && Contains("SHARDPORT"));
  }
  CHECK_THAT(refusal_of({"--publish", "a.host:1:2"}), Contains("looks no names up"));
  CHECK_THAT(refusal_of({"--isolation=none", "--publish", "0:1"}), Contains("--publish needs a shard"));
}

TEST_CASE(
    "options --publish and --reach change neither the command's streams, nor its status, nor its "
    "descriptors") {
  const Words forwarding = {"--publish", "0:9926", "--reach", "5432=127.0.0.1:1"};
  const RegistryView registry;
  auto options = registry.options();
  options.input = "what goes in";
  const auto ended = run(in_shard("cat; echo wrong >&2; exit 7", forwarding), options);
  CHECK(ended.status == 7);
  CHECK(ended.out == "what goes in");
  CHECK_THAT(ended.err, Catch::EndsWith(" in the shard\nwrong\n"));
  const auto usual = numbers_given({});
  CHECK(usual.size() >= 3);
  CHECK(numbers_given(forwarding) == usual);
}

TEST_CASE("a published port is free when its launcher was killed, and no process is left") {
  Published published;
  const auto client = published.connect();
  REQUIRE(sys::write_all(client.get(), "x") == 0);
  published.server().send_signal(SIGKILL);
  CHECK(published.server().wait().signal == SIGKILL);
  CHECK_THAT(read_all(client), Catch::Equals("x") || Catch::Equals("reset") || Catch::Equals(""));
  CHECK(is_free(published.port()));
  CHECK(eventually([&] {
    published.registry().reap();
    return published.registry().shards().empty();
  }));
  CHECK(published.registry().files().empty());
}

TEST_CASE("a published port is free when the run has ended, with a client still there") {
  Published published;
  const auto client = published.connect();
  REQUIRE(sys::write_all(client.get(), "x") == 0);
  published.server().close_input();
  CHECK(published.server().wait().status == 0);
  CHECK(is_free(published.port()));
}

TEST_CASE("ports are published without a registry") {
  StartOptions options;
  options.environment = {"NSLAUNCH_STATE_DIR=/proc/none"};
  Process launcher(in_shard_with_one_stream(echo_at("127.0.0.1", "9926") + "cat",
                                            {"--leaks=ignore", "--publish", "0:9926"}),
                   options);
  const auto port = published_port(launcher.read_line());
  while (launcher.read_line() != "up") continue;
  CHECK(answer_to(connect_tcp("127.0.0.1", port), "unrecorded") == "unrecorded");
}

TEST_CASE("while somebody has stopped init, clients are reset, and no late answer is taken for another's") {
  const RegistryView registry;
  Process launcher(
      in_shard_with_one_stream(echo_at("127.0.0.1", "9926") + probe_binary() + " greet 127.0.0.1 9927 & cat",
                               {"--leaks=ignore", "--publish", "0:9926", "--publish", "0:9927"}),
      registry.options());
  const auto echo = published_port(launcher.read_line());
  const auto greet = published_port(launcher.read_line());
  for (int up = 0; up < 2; ++up) CHECK(launcher.read_line() == "up");
  REQUIRE(answer_to(connect_tcp("127.0.0.1", echo), "before") == "before");
  const pid_t init = registry.shards().at(0).at("init_pid");
  REQUIRE(::kill(init, SIGSTOP) == 0);
  for (int count = 0; count < 3; ++count) CHECK(read_all(connect_tcp("127.0.0.1", echo)) == "reset");
  CHECK_THAT(launcher.read_line(), Contains("the shard's init does not answer"));
  REQUIRE(::kill(init, SIGCONT) == 0);
  std::string heard;
  CHECK(eventually([&] {
    const auto client = connect_tcp("127.0.0.1", greet);
    ::shutdown(client.get(), SHUT_WR);
    heard = read_all(client);
    return heard != "reset";
  }));
  CHECK(heard == "hello");
}

TEST_CASE("clients for whom there are no descriptors wait for others to leave") {
  const RegistryView registry;
  auto options = registry.options();
  options.prepare = [] {
    constexpr rlimit kFew = {48, 48};
    ::setrlimit(RLIMIT_NOFILE, &kFew);
  };
  Process launcher(in_shard_with_one_stream(echo_at("127.0.0.1", "9926") + "cat",
                                            {"--leaks=ignore", "--publish", "0:9926"}),
                   options);
  const auto port = published_port(launcher.read_line());
  CHECK(launcher.read_line() == "up");
  std::vector<sys::Fd> clients;
  for (int count = 0; count < 40; ++count) clients.push_back(connect_tcp("127.0.0.1", port));
  for (auto& client : clients) {
    CHECK(answer_to(client, "patience") == "patience");
    client.reset();
  }
  launcher.close_input();
  CHECK(launcher.wait().status == 0);
}

}  // namespace nslaunch::test
