#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "support/counter.hpp"
#include "support/identity.hpp"
#include "support/skip.hpp"

namespace nslaunch::test {
namespace {

/// A script that says its launcher's pid and whatever the launcher and the command say, all on one
/// stream. The script leads its session, and (no job control) the launcher is in its process group.
class Chain {
 public:
  explicit Chain(const std::string& options, const std::string& wrapper = "")
      : process_(words(options, wrapper), start()) {
    launcher_ = std::stoi(process_.read_line());
    if (const auto line = process_.read_line(); line != "ready")
      throw std::runtime_error("not ready: " + line);
  }
  Process& script() { return process_; }
  pid_t launcher() const { return launcher_; }
  std::string line() { return process_.read_line(); }
  /// The next line that isn't nslaunch's own.
  std::string command_line() {
    auto text = line();
    while (text.starts_with("nslaunch: ")) text = line();
    return text;
  }
  const std::string& mark() const { return mark_; }

 private:
  StartOptions start() const {
    StartOptions options;
    options.environment = {"NSLAUNCH_STATE_DIR=" + records_.path(), "N=" + nslaunch_binary(),
                           "P=" + probe_binary()};
    return options;
  }
  Words words(const std::string& options, const std::string& wrapper) const {
    return {
        "sh", "-c",
        "exec 2>&1; " + wrapper + " sh -c 'echo $$; exec $N " + options + " -- $P signals " + mark_ + "'; :"};
  }

  TempDir records_;
  std::string mark_ = unique_text();
  Process process_;
  pid_t launcher_ = -1;
};

struct NpmProject {
  TempDir directory;
  TempDir records;

  explicit NpmProject(const std::string& test) {
    std::ofstream(directory / "package.json")
        << R"({"name":"chain","version":"1.0.0","scripts":{"test":")" << test << "\"}}";
  }
  StartOptions options() const {
    StartOptions options;
    options.directory = directory.path();
    options.environment = {"NSLAUNCH_STATE_DIR=" + records.path(),
                           "N=" + nslaunch_binary(),
                           "P=" + probe_binary(),
                           "npm_config_cache=" + directory.path() + "/.npm",
                           "npm_config_update_notifier=false",
                           "npm_config_loglevel=silent"};
    return options;
  }
};

void need_npm() {
  if (run({"sh", "-c", "command -v npm"}).status != 0) SKIP_TEST("npm is not installed");
}

}  // namespace

TEST_CASE("when a script in nslaunch's process group dies, the command gets SIGTERM and then the kill") {
  for (const int signal : {SIGTERM, SIGKILL}) {
    Chain chain("--grace 1s");  // for the command to say what it got
    chain.script().send_signal(signal);
    CHECK(chain.command_line() == got(SIGTERM));
    CHECK(all_gone(chain.mark()));
  }
}

TEST_CASE("an ancestor further up counts like the parent") {
  Chain chain("--grace 1s", "sh -c 'echo >/dev/null; \"$@\"; :' sh sh -c '\"$@\"; :' sh");
  chain.script().send_signal(SIGKILL);
  CHECK(chain.command_line() == got(SIGTERM));
  CHECK(all_gone(chain.mark()));
}

TEST_CASE("nohup, a new session and --orphan=ignore let a shard outlive those who started it") {
  const auto [options, wrapper] = GENERATE(table<std::string, std::string>(
      {{"", "nohup"}, {"", "setsid"}, {"--orphan=ignore", ""}, {"--orphan ignore", ""}}));
  Chain chain(options, wrapper);
  INFO(options << wrapper);
  chain.script().send_signal(SIGKILL);
  REQUIRE(chain.script().pidfd().wait_for_end(kPatience));
  for (int count = 0; count < 20; ++count) {
    ::kill(chain.launcher(), SIGUSR1);
    REQUIRE(chain.line() == got(SIGUSR1));
  }
  ::kill(chain.launcher(), kDone);
  CHECK(chain.line() == "done");
  CHECK(all_gone(chain.mark()));
}

TEST_CASE("an end that is under way is not signalled again by the death of an ancestor") {
  for (const int signal : {SIGTERM, SIGINT}) {
    Chain chain("--grace 60s");
    ::kill(chain.launcher(), signal);
    REQUIRE(chain.line() == got(signal));
    chain.script().send_signal(SIGKILL);
    // Nslaunch has noticed: it says so.
    REQUIRE(chain.line().starts_with("nslaunch: "));
    ::kill(chain.launcher(), SIGUSR1);
    CHECK(chain.command_line() == got(SIGUSR1));
    ::kill(chain.launcher(), kDone);
    CHECK(chain.command_line() == "done");
    CHECK(all_gone(chain.mark()));
  }
}

TEST_CASE("an npm test whose npm is terminated or killed leaves nothing") {
  need_npm();
  const int signal = GENERATE(SIGTERM, SIGKILL);
  const auto mark = unique_text();
  const NpmProject project("$N --grace 100ms -- $P signals " + mark);
  Process npm({"npm", "test"}, project.options());
  for (auto line = npm.read_line(); line != "ready";) line = npm.read_line();
  npm.send_signal(signal);
  CHECK(all_gone(mark));
}

TEST_CASE("npm test passes the command's exit status on") {
  need_npm();
  const NpmProject project("$N -- sh -c 'exit 6'");
  CHECK(run({"npm", "test"}, project.options()).status == 6);
}

}  // namespace nslaunch::test
