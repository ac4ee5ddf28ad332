#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <stdexcept>

#include "chaos/battlefield.hpp"
#include "support/identity.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;

/// A way of running that makes something which a killed launcher could leave behind.
struct Mode {
  std::string name;
  Words options;  ///< DIR stands for a directory of the shot's own, with a directory "checkout"
  /// What the directory may have when the shards are gone and one more nslaunch command has run: the user's.
  std::set<std::string> users = {};
  std::string script = "echo up; read line";
  bool always_there = true;  ///< else it may be missing on this machine, which is said
};

const std::vector<Mode> kModes = {
    {"overlay, passing", {"--overlay", "DIR/checkout"}},
    {"overlay, kept", {"--overlay", "DIR/checkout=DIR/kept"}, {"kept"}},
    {"private directory", {"--private", "DIR/home/.harperdb"}, {"home"}},
    {"artifacts", {"--artifacts", "DIR/artifacts"}, {"artifacts"}},
    {"directory as /tmp", {"--tmp", "DIR/tmp"}, {"tmp"}},
    {"capture", {"--pcap", "DIR/run.pcap"}, {"run.pcap"}},
    {"report", {"--report-json", "DIR/report.json"}, {"report.json"}, "echo up; exit 3"},
    {"port from outside", {"--publish", "0:9926"}},
    {"port to outside", {"--reach", "5432=127.0.0.1:5432"}},
    {"hold", {"--hold-on-failure", "1h"}, {}, "echo up; exit 3"},
    {"silence", {"--silence", "20ms", "--grace", "10ms"}},
    {"timeout with an autopsy",
     {"--timeout", "20ms", "--dump-signal", "USR2", "--grace", "10ms", "--artifacts", "DIR/artifacts"},
     {"artifacts"}},
    {"memory limit", {"--memory", "256M"}, {}, "echo up; read line", false},
    {"limit on processes", {"--pids", "64"}, {}, "echo up; read line", false},
    {"several, output in groups",
     {"run", "--shards", "3", "-j", "3", "--retries", "1", "--report-junit", "DIR/junit.xml"},
     {"junit.xml"},
     "echo up; exit 3"},
    {"several, output as it comes",
     {"run", "--shards", "3", "-j", "2", "--output", "stream", "--joblog", "DIR/log", "--artifacts",
      "DIR/artifacts"},
     {"log", "artifacts"}},
};

/// Where the shots' directories are, and what is left in them.
class Directories {
 public:
  /// The options of the next shot, which gets a directory.
  Words aim(const Mode& mode) {
    const auto directory = base_ / std::to_string(++shots_);
    fs::create_directories(directory + "/checkout");
    fs::create_directories(directory + "/tmp");
    write_file(directory + "/checkout/file", "outside\n");
    auto options = mode.options;
    for (auto& word : options) {
      for (auto at = word.find("DIR"); at != std::string::npos; at = word.find("DIR", at + directory.size()))
        word.replace(at, 3, directory);
    }
    return options;
  }

  /// Paths that are neither the user's nor what the user has asked for.
  Words left(const Mode& mode) const {
    Words found;
    for (const auto& shot : fs::directory_iterator(base_.path())) {
      for (const auto& entry : fs::directory_iterator(shot.path())) {
        const std::string name = entry.path().filename();
        if (name != "checkout" && name != "tmp" && mode.users.count(name) == 0) found.push_back(entry.path());
      }
    }
    return found;
  }

 private:
  TempDir base_;
  int shots_ = 0;
};

/// Waits for its command's first line, or for its end.
void await_command(Process& launcher) {
  try {
    launcher.read_line();
  } catch (const std::runtime_error&) {
    if (!launcher.pidfd().has_ended()) throw;
  }
}

/// Whether this machine has what the mode takes; says so where not.
bool can_be_had(Battlefield& field, const Mode& mode) {
  if (mode.always_there) return true;
  auto words = mode.options;
  words.insert(words.end(), {"--", "true"});
  const auto tried = field.registry.ask(words);
  if (tried.status == 0) return true;
  std::printf("SKIP: needs root and control groups of version 2 for --memory and --pids\n");
  return false;
}

}  // namespace

TEST_CASE("launchers SIGKILLed at random instants in each mode leave nothing behind") {
  const auto& mode = GENERATE(from_range(kModes));
  INFO(mode.name);
  Battlefield field;
  if (!can_be_had(field, mode)) return;
  Directories directories;
  int shots = 0;
  Volley volley;
  volley.start = [&] { return field.victim(mode.script, directories.aim(mode)); };
  volley.delay = [&] { return field.within(25'000); };
  // Every second is struck at a random instant, after its start or after its command's first line.
  volley.strike = [&](Process& launcher) {
    if (++shots % 2 == 0) await_command(launcher);
    launcher.send_signal(SIGKILL);
  };
  volley.fire(chaos_rounds(16));
  field.require_nothing_left();
  CHECK(directories.left(mode) == Words{});
  field.require_bystander_unharmed();
  field.require_no_file();
  std::printf("%s: %d killed\n", mode.name.c_str(), shots);
}

TEST_CASE("launchers SIGKILLed while somebody is in their shard leave nothing behind, and the client ends") {
  const auto kind = GENERATE(values<std::string>({"exec", "port-forward"}));
  INFO(kind);
  Battlefield field;
  int shots = 0;
  std::map<pid_t, std::unique_ptr<Process>> clients;  // by launcher
  Volley volley;
  volley.start = [&] {
    const auto name = fmt::format("visited-{}", ++shots);
    auto victim = field.victim("echo up; read line", {"--name", name});
    victim->read_line();
    const auto words = kind == "exec"
                           ? Words{"exec", name, "--", "sh", "-c", "echo in; sleep 1000", field.mark}
                           : Words{"port-forward", name, "0:9926"};
    clients[victim->pid()] = std::make_unique<Process>(nslaunch(words), field.registry.options());
    return victim;
  };
  volley.delay = [&] { return field.within(30'000); };
  // The launcher, and every third time the client before it.
  volley.strike = [&](Process& launcher) {
    if (++shots % 3 == 0) clients[launcher.pid()]->send_signal(SIGKILL);
    launcher.send_signal(SIGKILL);
  };
  volley.ended = [&](const Result& result) { CHECK(result.signal == SIGKILL); };
  volley.fire(chaos_rounds(16));
  for (auto& [victim, client] : clients) client->wait();
  field.require_nothing_left();
  field.require_bystander_unharmed();
  field.require_no_file();
}

}  // namespace nslaunch::test
