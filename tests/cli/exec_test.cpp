#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>

#include "support/identity.hpp"
#include "support/live_shard.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// A shard, and what is run in it.
struct Visited {
  RegistryView registry;
  LiveShard shard;

  explicit Visited(Words options = {}, const std::string& script = "cat")
      : shard(registry, std::move(options), script) {}

  Words words(Words command, Words options = {}) const {
    options.insert(options.begin(), "exec");
    options.push_back(shard.id);
    if (!command.empty()) options.push_back("--");
    options.insert(options.end(), command.begin(), command.end());
    return nslaunch(std::move(options));
  }
  Result exec(const std::string& script, Words options = {}, StartOptions with = {}) const {
    with.environment.push_back(registry.variable());
    return run(words({"sh", "-c", script}, std::move(options)), with);
  }
  Result end() {
    shard.launcher.close_input();
    return shard.launcher.wait();
  }
};

constexpr const char* kNamespaces =
    "readlink /proc/self/ns/net /proc/self/ns/pid /proc/self/ns/mnt /proc/self/ns/ipc";

}  // namespace

TEST_CASE("exec runs in every namespace of the shard, with its variables, its directory and its user") {
  Visited visited({"--workdir", "/usr", "--env", "OF=shard"},
                  std::string(kNamespaces) + "; id -u; id -g; umask; cat");
  std::string own;
  for (int line = 0; line < 7; ++line) own += visited.shard.launcher.read_line() + "\n";
  const auto seen = visited.exec(std::string(kNamespaces) + "; id -u; id -g; umask");
  CHECK(seen.status == 0);
  CHECK(seen.err.empty());
  CHECK(seen.out == own);
  CHECK(visited.exec("echo $OF $NSLAUNCH_ID $PWD $TMPDIR").out ==
        "shard " + visited.shard.id + " /usr /tmp\n");
  CHECK(visited.exec("echo $OF $MORE; pwd", {"--env=OF=exec", "-e", "MORE=x", "--workdir", "lib"}).out ==
        "exec x\n/usr/lib\n");
}

TEST_CASE("exec ends as its command did") {
  const Visited visited;
  for (const int status : {0, 1, 77, 125, 255}) {
    CHECK(visited.exec("exit " + std::to_string(status)).status == status);
  }
  CHECK(visited.exec("kill -TERM $$").signal == SIGTERM);
  CHECK(visited.exec("kill -KILL $$").signal == SIGKILL);
  const auto with = visited.registry.options();
  const auto missing = run(visited.words({"no-such-command"}), with);
  CHECK(missing.status == 127);
  CHECK(missing.err == "nslaunch: no-such-command: command not found\n");
  CHECK(run(visited.words({"/etc/passwd"}), with).status == 126);
  const auto nowhere = visited.exec("echo ran", {"--workdir", "/no/such/directory"});
  CHECK(nowhere.status == 125);
  CHECK(nowhere.out.empty());
  CHECK_THAT(nowhere.err, Contains("/no/such/directory") && Contains("No such file or directory"));
}

TEST_CASE("exec passes the caller's streams on, byte for byte and apart, with their ends") {
  const Visited visited;
  const TempDir directory;
  std::string bytes;
  for (int byte = 0; byte < 300'000; ++byte) bytes += static_cast<char>(byte * 31);
  std::ofstream(directory / "bytes") << bytes;
  Words words = {"sh", "-c", "exec \"$@\" <" + directory / "bytes", "sh"};
  const auto client = visited.words({"sh", "-c", "cat; echo error >&2"});
  words.insert(words.end(), client.begin(), client.end());
  const auto echoed = run(words, visited.registry.options());
  CHECK((echoed.out == bytes));
  CHECK(echoed.err == "error\n");
  CHECK(visited.exec("readlink /proc/self/fd/0 | cut -c1-4; ls /proc/self/fd | wc -l").out == "pipe\n4\n");
}

TEST_CASE("exec takes arguments and variables as long as the kernel does") {
  const Visited visited;
  const std::string longest(100'000, 'x');
  Words command = {"sh", "-c", "echo $# ${#1} ${#V}", "sh"};
  for (int word = 0; word < 12; ++word) command.push_back(longest);
  const auto ended = run(visited.words(command, {"--env=V=" + longest}), visited.registry.options());
  CHECK(ended.out == "12 100000 100000\n");
}

TEST_CASE("exec says so when the caller's limit on file sizes is in its way") {
  const Visited visited;
  StartOptions with = visited.registry.options();
  with.prepare = [] {
    const rlimit none = {0, 0};
    ::setrlimit(RLIMIT_FSIZE, &none);
  };
  const auto ended = run(visited.words({"echo", "ran"}), with);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK_THAT(ended.err, Contains("writing down what to run: File too large"));
}

TEST_CASE("exec without a command is the shard's shell") {
  const Visited visited({"--env", "SHELL=/bin/cat"});
  StartOptions with = visited.registry.options();
  with.input = "through cat\n";
  CHECK(run(visited.words({}), with).out == "through cat\n");
}

TEST_CASE("a signal to exec reaches its command, once") {
  const Visited visited;
  Process client(
      visited.words(
          {"sh", "-c",
           "trap 'echo TERM' TERM; trap 'echo USR1; exit 3' USR1; echo up; while :; do sleep 0.01; done"}),
      visited.registry.options());
  REQUIRE(client.read_line() == "up");
  client.send_signal(SIGTERM);
  REQUIRE(client.read_line() == "TERM");
  client.send_signal(SIGUSR1);
  const auto ended = client.wait();
  CHECK(ended.out == "USR1\n");
  CHECK(ended.status == 3);
}

TEST_CASE("exec into a shard whose init is stopped gives up and says so") {
  const Visited visited;
  const auto init = visited.registry.shards().at(0).at("init_pid").get<pid_t>();
  REQUIRE(::kill(init, SIGSTOP) == 0);
  Process client(visited.words({"echo", "ran"}), visited.registry.options());
  CHECK(client.pidfd().wait_for_end(kPatience));
  // What nobody waits for any more is not started after all.
  ::kill(init, SIGCONT);
  const auto ended = client.wait();
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK_THAT(ended.err, Contains("does not answer") && Contains(fmt::format("kill -CONT {}", init)));
}

TEST_CASE("what exec started is no leak, and keeps no shard") {
  Visited visited({"--leaks=fail", "--leak-grace", "1h"});
  const auto mark = unique_text();
  Process client(visited.words({"sh", "-c", "echo up; sleep 1000 & wait", mark}), visited.registry.options());
  REQUIRE(client.read_line() == "up");
  const auto ended = visited.end();
  CHECK(ended.status == 0);
  CHECK(ended.err.empty());
  const auto entered = client.wait();
  CHECK(entered.status == 128 + SIGKILL);
  CHECK_THAT(entered.err, Contains("has ended"));
  CHECK(find_processes(mark).empty());
}

TEST_CASE("a client of exec that is killed is hung up on, and one that is stopped holds up nothing") {
  Visited visited;
  const auto mark = unique_text();
  Process killed(visited.words({"sh", "-c", "echo up; sleep 1000; :", mark}), visited.registry.options());
  REQUIRE(killed.read_line() == "up");
  killed.send_signal(SIGKILL);
  CHECK(all_gone(mark));
  Process stopped(visited.words({"sh", "-c", "echo up; sleep 1000; :", mark}), visited.registry.options());
  REQUIRE(stopped.read_line() == "up");
  stopped.send_signal(SIGSTOP);
  CHECK(visited.end().status == 0);
  CHECK(find_processes(mark + "\n").empty());
  CHECK(visited.registry.files().empty());
  stopped.send_signal(SIGCONT);
  CHECK(stopped.wait().status == 128 + SIGKILL);
}

TEST_CASE("many clients of exec at once each get their own") {
  const Visited visited;
  std::vector<std::unique_ptr<Process>> clients;
  for (int number = 0; number < 40; ++number) {
    clients.push_back(std::make_unique<Process>(
        visited.words({"sh", "-c", "echo up; read word; echo $word $0; exit $0", std::to_string(number)}),
        visited.registry.options()));
  }
  for (int number = 0; number < 40; ++number) {
    auto& client = *clients[static_cast<std::size_t>(number)];
    REQUIRE(client.read_line() == "up");
    client.write_input("go\n");
    const auto ended = client.wait();
    CHECK(ended.out == "go " + std::to_string(number) + "\n");
    CHECK(ended.status == number);
  }
}

TEST_CASE("exec into a shard that is not there, or into two, is an error and runs nothing") {
  const Visited visited;
  const auto with = visited.registry.options();
  const auto none = run(nslaunch({"exec", "x" + visited.shard.id, "--", "echo", "ran"}), with);
  CHECK(none.status == 125);
  CHECK(none.out.empty());
  CHECK_THAT(none.err, Contains("there is no shard") && Contains(visited.shard.id));
  CHECK(run(nslaunch({"exec", "--", "echo", "ran"}), with).status == 125);
  const auto command = run(nslaunch({"exec", visited.shard.id, "echo", "ran"}), with);
  CHECK(command.status == 125);
  CHECK_THAT(command.err, Contains("'--' before the command"));
}

TEST_CASE("root that enters a user's shard runs as that user") {
  if (::geteuid() != 0) return;
  constexpr uid_t kUser = 12345;
  const auto user = std::to_string(kUser);
  // The user's own registry and copy of the program: a clone below /root is closed to others.
  const TempDir home;
  const auto program = home / "nslaunch";
  fs::copy_file(nslaunch_binary(), program);
  REQUIRE(::chown(home.path().c_str(), kUser, kUser) == 0);
  StartOptions with;
  with.environment = {"NSLAUNCH_STATE_DIR", "XDG_RUNTIME_DIR"};
  with.directory = "/";
  Process launcher({"setpriv", "--reuid", user, "--regid", user, "--clear-groups", program, "--", "sh", "-c",
                    "echo $NSLAUNCH_ID; cat"},
                   with);
  const auto id = launcher.read_line();
  const auto entered =
      run(nslaunch({"exec", id, "--", "sh", "-c", "id -u; id -G; echo x > /tmp/made; stat -c %u /tmp/made"}),
          with);
  INFO(entered.err);
  CHECK(entered.out == user + "\n" + user + "\n" + user + "\n");
  launcher.close_input();
  CHECK(launcher.wait().status == 0);
  fs::remove_all("/tmp/nslaunch-" + user);
}

}  // namespace nslaunch::test
