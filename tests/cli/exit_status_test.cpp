#include <sys/resource.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/host_directory.hpp"
#include "support/identity.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"
#include "support/write_file.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;

/// Records go to a directory of the test's own; what lies in `work` is seen in the shard, too.
struct Place {
  TempDir records;
  TempDir work;
  StartOptions options() const {
    StartOptions options;
    options.environment = {"NSLAUNCH_STATE_DIR=" + records.path(), "PATH=/usr/bin:/bin"};
    options.directory = work.path();
    return options;
  }
  Result run(const Words& words) const { return test::run(words, options()); }
  std::string write(const std::string& name, const std::string& text, bool executable) const {
    write_file(work / name, text, executable ? 0755 : 0644);
    return work / name;
  }
};

bool terminates(int signal) {
  for (const int harmless : {SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH}) {
    if (signal == harmless) return false;
  }
  return true;
}

/// How the launcher ended, as its parent is told: CLD_EXITED, CLD_KILLED or CLD_DUMPED.
int manner_of_death(const Process& process) {
  REQUIRE(process.pidfd().wait_for_end(kPatience));
  siginfo_t end = {};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(process.pid()), &end, WEXITED | WNOWAIT) == 0);
  return end.si_code;
}

void allow_core_files() {
  const rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  ::setrlimit(RLIMIT_CORE, &unlimited);
}

}  // namespace

TEST_CASE("every exit status of the command is nslaunch's own, without a word") {
  const Place place;
  for (int status = 0; status < 256; ++status) {
    const auto result = place.run(in_shard("exit " + std::to_string(status)));
    INFO(result.err);
    REQUIRE(result.status == status);
    REQUIRE(result.out.empty());
    REQUIRE(result.err.empty());
  }
}

TEST_CASE("nslaunch dies of the signal that its command died of") {
  const Place place;
  std::vector<int> signals = {SIGRTMIN, SIGRTMIN + 5, SIGRTMAX - 1, SIGRTMAX};
  for (int signal = 1; signal < 32; ++signal) {
    if (terminates(signal)) signals.push_back(signal);
  }
  for (const int signal : signals) {
    const auto result = place.run(in_shard("kill -" + std::to_string(signal) + " $$"));
    INFO("signal " << signal << ", status " << result.status << ": " << result.err);
    REQUIRE(result.signal == signal);
    REQUIRE(result.err.empty());
  }
}

TEST_CASE("signals that the caller blocked do not keep nslaunch from dying of them") {
  const Place place;
  auto options = place.options();
  options.prepare = [] {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
  };
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGSEGV, SIGRTMAX}) {
    const auto result = run(nslaunch({"--", probe_binary(), "die", std::to_string(signal)}), options);
    INFO("signal " << signal << ", status " << result.status << ": " << result.err);
    CHECK(result.signal == signal);
  }
}

TEST_CASE("nslaunch writes no core file of its own when its command dies of a signal that dumps one") {
  const Place place;
  auto options = place.options();
  options.prepare = allow_core_files;
  for (const std::string signal : {"QUIT", "ABRT", "SEGV", "BUS", "FPE", "ILL", "TRAP", "SYS"}) {
    const Process process(in_shard("ulimit -c 0; kill -" + signal + " $$"), options);
    INFO("signal " << signal);
    CHECK(manner_of_death(process) == CLD_KILLED);
  }
  CHECK(fs::is_empty(place.work.path()));
}

TEST_CASE("a command that is not found gives 127") {
  const Place place;
  for (const std::string name : {"no-such-command-anywhere", "./not-here", "/not/here", ""}) {
    const auto result = place.run(nslaunch({"--", name}));
    INFO("'" << name << "': " << result.err);
    CHECK(result.status == 127);
    CHECK(result.err.starts_with("nslaunch: "));
  }
  // As for a shell, a directory of PATH that may not be searched holds nothing.
  const TempDir closed;
  fs::create_directory(closed / "bin");
  fs::permissions(closed / "bin", fs::perms(0));
  auto options = place.options();
  options.environment.back() = "PATH=" + closed / "bin" + ":/usr/bin:/bin";
  CHECK(test::run(nslaunch({"--", "no-such-command-anywhere"}), options).status == 127);
  fs::permissions(closed / "bin", fs::perms(0700));  // or it can't be removed
  const auto below_a_file = place.run(nslaunch({"--", "/etc/passwd/command"}));
  CHECK((below_a_file.status == 126 || below_a_file.status == 127));
}

TEST_CASE("a command that can not be executed gives 126") {
  const Place place;
  const auto plain = place.write("plain", "exit 0\n", false);
  for (const auto& name : {plain, place.work.path()}) {
    const auto result = place.run(nslaunch({"--", name}));
    INFO(name << ": " << result.err);
    CHECK(result.status == 126);
    CHECK(result.err.starts_with("nslaunch: "));
  }
}

TEST_CASE("a script whose interpreter is missing fails as in a shell, and the interpreter is named") {
  const Place place;
  const auto script = place.write("script", "#!/no/such/interpreter\n", true);
  const auto result = place.run(nslaunch({"--", script}));
  INFO(result.err);
  CHECK((result.status == 126 || result.status == 127));
  CHECK(result.err.find("interpreter") != std::string::npos);
  // What ./script is depends on where the command runs, not on where nslaunch does.
  const auto there = place.run(nslaunch({"--workdir", place.work.path(), "--", "./script"}));
  CHECK(there.err.find("interpreter") != std::string::npos);
  const auto missing = place.run(nslaunch({"--workdir", "/usr", "--", "bin/../script"}));
  CHECK(missing.status == 127);
  CHECK(missing.err.find("interpreter") == std::string::npos);
}

TEST_CASE("a command whose file the shard's own mounts hide is not found, and the mount is named") {
  const Place place;
  const HostDirectory hidden;
  for (const auto& file : {hidden / "command", "/dev/shm/nslaunch-test-" + unique_text()}) {
    const auto directory = fs::path(file).parent_path().string();
    const Words options = directory == hidden.path() ? Words{"--private", directory} : Words{};
    write_file(file, "#!/bin/sh\n", 0755);
    Words words = options;
    words.insert(words.end(), {"--", file});
    const auto result = place.run(nslaunch(words));
    fs::remove(file);
    CHECK(result.status == 127);
    CHECK(result.err ==
          "nslaunch: " + file + ": no such file in the shard, which has a " + directory + " of its own\n");
  }
}

TEST_CASE("a script without an interpreter line runs as in a shell") {
  const Place place;
  const auto script = place.write("script", "exit 9\n", true);
  CHECK(place.run(nslaunch({"--", script})).status == 9);
}

TEST_CASE("nslaunch's own failures give 125") {
  const Place place;
  for (const Words& words :
       {Words{}, Words{"--no-such-option", "--", "true"}, Words{"true"}, Words{"run", "true"}, Words{"--"},
        Words{"--grace", "soon", "--", "true"}, Words{"--grace"}, Words{"--net", "host", "--", "true"}}) {
    const auto result = place.run(nslaunch(words));
    INFO((words.empty() ? "" : words.front()) << ": " << result.err);
    CHECK(result.status == 125);
    CHECK(result.err.starts_with("nslaunch: "));
    CHECK(result.out.empty());
  }
}

TEST_CASE("without isolation, too, what can't be run gives 127 or 126 and a message") {
  const Place place;
  const auto missing = place.run(nslaunch({"--isolation=none", "--", "no-such-command"}));
  CHECK(missing.status == 127);
  CHECK(missing.err == "nslaunch: no-such-command: command not found\n");
  const auto plain = place.run(nslaunch({"--isolation=none", "--", "/etc/passwd"}));
  CHECK(plain.status == 126);
  CHECK(plain.err == "nslaunch: running /etc/passwd: Permission denied\n");
}

}  // namespace nslaunch::test
