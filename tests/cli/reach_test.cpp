#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <vector>

#include "support/clients.hpp"
#include "support/identity.hpp"
#include "support/listeners.hpp"
#include "support/live_shard.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// A service of the host's, which sends back what it gets.
class Service {
 public:
  explicit Service(const std::string& address)
      : process_({probe_binary(), "echo", address, "0"}), line_(process_.read_line()) {}
  std::string port() const { return line_.substr(line_.find(' ') + 1); }

 private:
  Process process_;
  std::string line_;
};

std::string talk(const std::string& address, const std::string& port) {
  return probe_binary() + " talk " + address + " " + port;
}

sys::Fd accept_one(const sys::Fd& listener) {
  return sys::Fd(sys::check(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accepting"));
}

/// As a service on 127.0.0.1 finds out whose a client's socket is.
std::string owner_of_client(const sys::Fd& connection) {
  sockaddr_in client = {};
  socklen_t size = sizeof client;
  ::getpeername(connection.get(), reinterpret_cast<sockaddr*>(&client), &size);
  const auto wanted = fmt::format("0100007F:{:04X}", ntohs(client.sin_port));
  std::istringstream table(sys::read_file("/proc/net/tcp").value_or(""));
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::vector<std::string> words;
    for (std::string word; fields >> word;) words.push_back(word);
    if (words.size() > 7 && words[1] == wanted) return words[7];
  }
  return "nobody";
}

}  // namespace

TEST_CASE("a shard reaches the services of the host that --reach names, v4 and v6, and no others") {
  const RegistryView registry;
  const Service v4("127.0.0.1");
  const Service v6("::1");
  const Service other("127.0.0.1");
  const auto ended =
      run(in_shard("echo four | " + talk("127.0.0.1", "5432") + "; echo low | " + talk("127.0.0.7", "80") +
                       "; echo six | " + talk("::1", "5432") + "; " + talk("127.0.0.1", other.port()) +
                       " < /dev/null; echo $?; " + talk("127.0.0.1", v4.port()) + " < /dev/null; exit $?",
                   {"--reach", "5432=localhost:" + v4.port(), "--reach",
                    "127.0.0.7:80=127.0.0.1:" + v4.port(), "--reach", "[::1]:5432=[::1]:" + v6.port()}),
          registry.options());
  CHECK(ended.out == "four\n\nlow\n\nsix\n\n2\n");
  CHECK(ended.status == 2);
  CHECK_THAT(ended.err, !Contains("nslaunch"));
}

TEST_CASE("a service that --reach leads to sees the command's user") {
  if (::geteuid() != 0) return;
  const RegistryView registry;
  const auto listener = listen_tcp("127.0.0.1", 0);
  const auto service = "7777=127.0.0.1:" + std::to_string(port_of(listener));
  Process shard(in_shard(talk("127.0.0.1", "7777"), {"--user", "54321:54321", "--reach", service}),
                registry.options());
  const auto connection = accept_one(listener);
  CHECK(owner_of_client(connection) == "54321");
}

TEST_CASE("NSLAUNCH_OPT_REACH reaches a service a line") {
  const RegistryView registry;
  const Service service("127.0.0.1");
  auto options = registry.options();
  options.environment.push_back("NSLAUNCH_OPT_REACH=1=127.0.0.1:" + service.port() +
                                "\n2=localhost:" + service.port());
  const auto ended =
      run(in_shard("echo a | " + talk("127.0.0.1", "1") + "; echo b | " + talk("127.0.0.1", "2")), options);
  CHECK(ended.out == "a\n\nb\n\n");
}

TEST_CASE("a service that half-closes first through --reach hears its client's answer") {
  const RegistryView registry;
  const auto listener = listen_tcp("127.0.0.1", 0);
  Process launcher(in_shard(probe_binary() + " hear 127.0.0.1 5432",
                            {"--reach", "5432=127.0.0.1:" + std::to_string(port_of(listener))}),
                   registry.options());
  const auto service = accept_one(listener);
  REQUIRE(sys::write_all(service.get(), "question") == 0);
  ::shutdown(service.get(), SHUT_WR);
  CHECK(read_all(service) == "question");
  CHECK(launcher.wait().status == 0);
}

TEST_CASE(
    "a service that resets, or is not there, resets its client in the shard, and the user is told once") {
  const RegistryView registry;
  auto listener = listen_tcp("127.0.0.1", 0);
  const auto port = std::to_string(port_of(listener));
  Process launcher(in_shard("for n in 1 2 3; do read go; " + talk("127.0.0.1", "5432") + " < /dev/null; done",
                            {"--reach", "5432=127.0.0.1:" + port}),
                   registry.options());
  launcher.write_input("go\n");
  close_with_reset(accept_one(listener));
  CHECK(launcher.read_line() == "reset");
  listener.reset();
  for (int count = 0; count < 2; ++count) {
    launcher.write_input("go\n");
    CHECK(launcher.read_line() == "reset");
  }
  const auto ended = launcher.wait();
  CHECK(ended.status == 3);
  CHECK(ended.err ==
        "nslaunch: nobody listens on 127.0.0.1:" + port + " outside: its clients in the shard are reset\n");
}

TEST_CASE("two hundred clients in a shard reach a service at once, each its own") {
  const RegistryView registry;
  const Service service("127.0.0.1");
  const auto ended =
      run(in_shard("for n in $(seq 200); do echo $n | " + talk("127.0.0.1", "5432") + " & done; wait",
                   {"--reach", "5432=127.0.0.1:" + service.port()}),
          registry.options());
  std::set<std::string> answers;
  std::istringstream lines(ended.out);
  for (std::string line; std::getline(lines, line);) answers.insert(line);
  answers.erase("");
  CHECK(answers.size() == 200);
  CHECK_FALSE(answers.contains("reset"));
}

TEST_CASE("what can't be reached is an error, and nothing has run") {
  const RegistryView registry;
  const auto refusal_of = [&](const Words& options) { return registry.refusal_of(options); };
  for (const auto* wrong : {"5432", "5432=5432", "0=localhost:1", "5432=localhost:0", "=localhost:1",
                            "5432=:1", "5432=localhost:1:2", "[::1]=localhost:1", "5432=[::1:1"}) {
    CAPTURE(wrong);
    CHECK_THAT(refusal_of({"--reach", wrong}), Contains("--reach: '") && Contains("=HOST:PORT"));
  }
  CHECK_THAT(refusal_of({"--reach", "5432=db.example:5432"}), Contains("looks no names up"));
  CHECK_THAT(refusal_of({"--reach", "1=127.0.0.1:1", "--reach", "192.0.2.1:5432=localhost:5432"}),
             Contains("listening in the shard for --reach (192.0.2.1:5432): Cannot assign") &&
                 Contains("127.0.0.0/8 and ::1"));
  CHECK_THAT(refusal_of({"--reach", "5432=localhost:1", "--reach", "5432=localhost:2"}),
             Contains("(127.0.0.1:5432): Address already in use"));
  CHECK_THAT(refusal_of({"--isolation=none", "--reach", "1=localhost:1"}), Contains("--reach needs a shard"));
}

TEST_CASE(
    "what listens for --reach is seen in listings, is nobody's leak, and belongs to nobody in the shard") {
  const RegistryView registry;
  LiveShard shard(registry, {"--reach", "5432=127.0.0.1:1"}, "sleep 1000 & exec cat");
  const auto listed = nlohmann::json::parse(registry.ask({"ports", "--json", shard.id}).out);
  REQUIRE(listed.at("ports").size() == 1);
  CHECK(listed.at("ports")[0].at("local") == "127.0.0.1:5432");
  CHECK(listed.at("ports")[0].at("processes").empty());
  CHECK_FALSE(listed.at("ports")[0].at("shared").get<bool>());
  shard.launcher.close_input();
  const auto ended = shard.launcher.wait();
  CHECK_THAT(ended.err, Contains("sleep 1000") && !Contains("listening on"));
}

TEST_CASE("services are reached without a registry") {
  const Service service("127.0.0.1");
  StartOptions options;
  options.environment = {"NSLAUNCH_STATE_DIR=/proc/none"};
  const auto ended = run(in_shard("echo unrecorded | " + talk("127.0.0.1", "5432"),
                                  {"--reach", "5432=127.0.0.1:" + service.port()}),
                         options);
  CHECK(ended.out == "unrecorded\n\n");
}

}  // namespace nslaunch::test
