#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "support/identity.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Json = nlohmann::json;

std::string serve(const std::string& address, const std::string& port) {
  return "sleep 1000 | " + probe_binary() + " serve " + address + " " + port + " & ";
}

/// A shard with three servers, one of them on every v4 address.
struct Servers {
  RegistryView registry;
  Process launcher{
      in_shard(serve("127.0.0.1", "9925") + serve("127.0.0.2", "9925") + serve("0.0.0.0", "9926") +
                   "read word; echo $NSLAUNCH_ID; ss -Hltn; echo end; cat",
               {"--name", "servers", "--leaks", "ignore"}),
      registry.options()};
  std::string id;
  std::set<std::string> seen_by_ss;

  Servers() {
    for (int up = 0; up < 3; ++up) REQUIRE(launcher.read_line() == "up");
    launcher.write_input("go\n");
    id = launcher.read_line();
    for (auto line = launcher.read_line(); line != "end"; line = launcher.read_line()) {
      std::istringstream words(line);
      std::string word;
      for (int column = 0; column < 4; ++column) words >> word;
      seen_by_ss.insert(word);
    }
  }
};

Json ports_of(const Servers& servers, const std::string& word) {
  const auto result = run(nslaunch({"ports", "--json", word}), servers.registry.options());
  INFO(result.err);
  REQUIRE(result.status == 0);
  return Json::parse(result.out);
}

}  // namespace

TEST_CASE("ports of a shard are those that ss shows inside, each with its owner") {
  const Servers servers;
  REQUIRE(servers.seen_by_ss.size() == 3);
  std::set<std::string> seen;
  const auto listed = ports_of(servers, "servers");
  for (const auto& port : listed.at("ports")) {
    seen.insert(port.at("local"));
    CHECK(port.at("protocol") == "tcp");
    CHECK(port.at("backlog") == 5);
    CHECK(port.at("connections") == 0);
    CHECK(port.at("shared") == false);
    const auto& owner = port.at("processes").at(0);
    const auto words = owner.at("command_line").get<std::string>();
    CHECK_THAT(words, Contains("serve"));
    CHECK(sys::command_line(owner.at("outer_pid").get<pid_t>()) == words);
    CHECK(owner.at("pid") != owner.at("outer_pid"));
  }
  CHECK(seen == servers.seen_by_ss);
}

TEST_CASE("ports into a pipe is one line a port, separated by tabs") {
  const Servers servers;
  const auto result = run(nslaunch({"ports", servers.id.substr(0, 5)}), servers.registry.options());
  INFO(result.err);
  CHECK(result.status == 0);
  std::istringstream lines(result.out);
  std::string line;
  int count = 0;
  for (; std::getline(lines, line); ++count) {
    CHECK(std::count(line.begin(), line.end(), '\t') == 6);
    CHECK_THAT(line, Catch::Matchers::StartsWith("tcp\t") && Contains("\t0/5\t0\t"));
  }
  CHECK(count == 3);
}

TEST_CASE("ports of a shard that is not there is an error with a suggestion, and of none at all too") {
  const Servers servers;
  const auto wrong = run(nslaunch({"ports", "server"}), servers.registry.options());
  CHECK(wrong.status == 125);
  CHECK_THAT(wrong.err, Contains("there is no shard 'server'") && Contains("'servers'"));
  const auto none = run(nslaunch({"ports"}), servers.registry.options());
  CHECK(none.status == 125);
  CHECK_THAT(none.err, Contains("which shard?"));
}

TEST_CASE("ports --watch shows them again and again until the shard has ended") {
  Servers servers;
  Process watching(nslaunch({"ports", "--watch", servers.id}), servers.registry.options());
  for (int line = 0; line < 6; ++line) CHECK(watching.read_line().starts_with("tcp\t"));
  servers.launcher.send_signal(SIGKILL);
  servers.launcher.wait();
  const auto ended = watching.wait();
  CHECK(ended.status == 0);
  CHECK(ended.err == "nslaunch: shard " + servers.id + " has ended\n");
}

TEST_CASE("looking at ports does not hold up the shard's end") {
  Servers servers;
  for (int look = 0; look < 5; ++look) ports_of(servers, servers.id);
  servers.launcher.send_signal(SIGKILL);
  servers.launcher.wait();
  CHECK(eventually([&] { return find_processes(servers.id).empty(); }));
}

TEST_CASE("a look at a shard that ends meanwhile is whole or an error") {
  const RegistryView registry;
  for (int round = 0; round < 20; ++round) {
    Process launcher(in_shard("sleep 1000 & echo $NSLAUNCH_ID; cat", {"--leaks", "ignore"}),
                     registry.options());
    const auto id = launcher.read_line();
    Process look(nslaunch({"ports", "--json", id}), registry.options());
    launcher.send_signal(SIGKILL);
    const auto result = look.wait();
    INFO(result.err);
    CHECK((result.status == 0 ? result.out.ends_with("]}\n") : result.status == 125));
    if (result.status != 0)
      CHECK_THAT(result.err, Contains("It has just ended") || Contains("there is no shard"));
    launcher.wait();
  }
}

}  // namespace nslaunch::test
