#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <regex>
#include <sstream>

#include "support/identity.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::test {
namespace {

/// What the probe says, less what differs with or without nslaunch: the numbers of the test's pipes
/// and the variables for temporary files.
Words facts(const std::string& out) {
  static const std::regex pipe_number("pipe:\\[[0-9]+\\]");
  Words lines;
  std::istringstream text(out);
  for (std::string line; std::getline(text, line);) {
    const bool of_tmp =
        line.starts_with("env TMPDIR=") || line.starts_with("env TMP=") || line.starts_with("env TEMP=");
    if (!of_tmp) lines.push_back(std::regex_replace(line, pipe_number, "pipe"));
  }
  return lines;
}

void expect_the_same(const StartOptions& options) {
  const auto direct = run({probe_binary()}, options);
  const auto in_a_shard = run(nslaunch({"--", probe_binary()}), options);
  CHECK(in_a_shard.err.empty());
  REQUIRE(in_a_shard.status == 0);
  const auto wanted = facts(direct.out);
  REQUIRE(wanted.size() > 20);
  CHECK(facts(in_a_shard.out) == wanted);
}

void set_limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  const rlimit limit = {soft, hard};
  if (::setrlimit(resource, &limit) != 0) ::_exit(97);
}

void block_and_ignore_some_signals() {
  sigset_t blocked;
  ::sigemptyset(&blocked);
  for (const int signal : {SIGTERM, SIGUSR1, SIGCHLD, SIGWINCH, SIGRTMIN + 3, SIGRTMAX})
    ::sigaddset(&blocked, signal);
  ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
  for (const int signal : {SIGINT, SIGQUIT, SIGPIPE, SIGUSR2, SIGTSTP, SIGRTMIN + 5})
    ::signal(signal, SIG_IGN);
}

int open_at(const char* path, int number, int flags = O_RDWR) {
  const int opened = ::open(path, flags, 0600);
  if (opened < 0 || ::dup2(opened, number) < 0) ::_exit(97);
  if (opened != number) ::close(opened);
  return number;
}

/// Waits until nobody but us has the pipe's other end open.
bool other_end_is_closed(int fd) {
  pollfd watched = {fd, 0, 0};
  return ::poll(&watched, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) == 1 &&
         (watched.revents & (POLLHUP | POLLERR)) != 0;
}

}  // namespace

TEST_CASE("a command finds everything in a shard as it was outside") {
  const RegistryView state;
  auto options = state.options();
  SECTION("as the test's own caller left it") {}
  SECTION("umask, nice and affinity") {
    options.prepare = [] {
      ::umask(0137);
      if (::nice(3) < 0) ::_exit(97);
      cpu_set_t first;
      CPU_ZERO(&first);
      CPU_SET(0, &first);
      ::sched_setaffinity(0, sizeof first, &first);
    };
  }
  SECTION("limits") {
    options.prepare = [] {
      set_limit(RLIMIT_NOFILE, 77, 99);
      set_limit(RLIMIT_CORE, 0, 4096);
      set_limit(RLIMIT_STACK, 4 << 20, 5 << 20);
    };
  }
  SECTION("blocked and ignored signals") {
    options.prepare = block_and_ignore_some_signals;
  }
  SECTION("an ignored SIGCHLD") {
    options.prepare = [] { ::signal(SIGCHLD, SIG_IGN); };
  }
  SECTION("everything blocked") {
    options.prepare = [] {
      sigset_t all;
      ::sigfillset(&all);
      ::sigprocmask(SIG_SETMASK, &all, nullptr);
    };
  }
  SECTION("inherited descriptors, and only those") {
    options.prepare = [] {
      for (const int number : {3, 4, 5, 9, 60}) open_at("/dev/zero", number);
      open_at("/", 63, O_RDONLY | O_DIRECTORY);
      ::fcntl(open_at("/dev/full", 7), F_SETFD, FD_CLOEXEC);
    };
  }
  SECTION("an environment with odd entries") {
    options.environment.insert(options.environment.end(),
                               {"EMPTY=", "WITH SPACE=a b", "LINES=1\n2", "NSLAUNCHED=no"});
  }
  SECTION("an empty environment but for the state directory") {
    const auto variable = state.variable();
    options.environment.clear();
    options.prepare = [variable] {
      ::clearenv();
      ::putenv(const_cast<char*>(variable.c_str()));
    };
  }
  expect_the_same(options);
}

TEST_CASE("a command keeps the supplementary groups that root gave it") {
  const RegistryView state;
  auto options = state.options();
  if (::geteuid() == 0) {
    options.prepare = [] {
      const gid_t groups[] = {7, 4321, 60000};
      if (::setgroups(3, groups) != 0) ::_exit(97);
    };
  }
  const auto direct = run({"id", "-G"}, options);
  CHECK(run(nslaunch({"--", "id", "-G"}), options).out == direct.out);
}

TEST_CASE("standard streams that are closed stay closed, in every combination") {
  const RegistryView state;
  // The shell's exit status tells which of the three it has.
  const std::string script =
      "s=40; for i in 0 1 2; do s=$((s * 2)); [ -e /proc/self/fd/$i ] && s=$((s + 1)); done; exit $((s % "
      "256))";
  for (int closed = 0; closed < 8; ++closed) {
    CAPTURE(closed);
    auto options = state.options();
    options.prepare = [closed] {
      for (int number = 0; number < 3; ++number) {
        if ((closed >> number & 1) != 0) ::close(number);
      }
    };
    const auto direct = run({"sh", "-c", script}, options);
    const auto in_a_shard = run(in_shard(script), options);
    CHECK(direct.status == in_a_shard.status);
    CHECK(in_a_shard.out.empty());
    CHECK(in_a_shard.err.empty());
  }
}

TEST_CASE("a reader meets end of file when the command closes its output and runs on, under --silence, too") {
  const auto shard_options = GENERATE(Words{}, Words{"--silence", "1h"});
  const RegistryView state;
  auto output = sys::make_pipe();
  auto options = state.options();
  options.prepare = [&] { ::dup2(output.write.get(), STDOUT_FILENO); };
  Process process(in_shard("echo said; exec >&-; read line", shard_options), options);
  output.write.reset();
  REQUIRE(other_end_is_closed(output.read.get()));
  char said[16] = {};
  CHECK(::read(output.read.get(), said, sizeof said) == 5);
  CHECK(::read(output.read.get(), said, sizeof said) == 0);
  CHECK_FALSE(process.pidfd().has_ended());
  process.write_input("on\n");
  CHECK(process.wait().status == 0);
}

TEST_CASE("a writer to the command's input gets SIGPIPE when the command closes it and runs on") {
  const RegistryView state;
  auto input = sys::make_pipe();
  auto options = state.options();
  options.prepare = [&] { ::dup2(input.read.get(), STDIN_FILENO); };
  Process process(in_shard("exec <&-; echo closed; exec sleep 1000"), options);
  input.read.reset();
  CHECK(process.read_line() == "closed");
  CHECK(other_end_is_closed(input.write.get()));
  ::signal(SIGPIPE, SIG_IGN);
  CHECK(::write(input.write.get(), "x", 1) == -1);
  CHECK(errno == EPIPE);
  ::signal(SIGPIPE, SIG_DFL);
  CHECK_FALSE(process.pidfd().has_ended());
}

TEST_CASE("a command whose reader goes away dies of SIGPIPE") {
  const RegistryView state;
  auto output = sys::make_pipe();
  auto options = state.options();
  options.prepare = [&] { ::dup2(output.write.get(), STDOUT_FILENO); };
  Process process(nslaunch({"--", "yes"}), options);
  output.write.reset();
  char byte = 0;
  REQUIRE(::read(output.read.get(), &byte, 1) == 1);
  output.read.reset();
  CHECK(process.wait().signal == SIGPIPE);
}

TEST_CASE("an inherited descriptor is closed when the command has closed it") {
  const RegistryView state;
  auto extra = sys::make_pipe();
  auto options = state.options();
  options.prepare = [&] { ::dup2(extra.write.get(), 8); };
  Process process(in_shard("exec 8>&-; read line"), options);
  extra.write.reset();
  CHECK(other_end_is_closed(extra.read.get()));
  CHECK_FALSE(process.pidfd().has_ended());
}

TEST_CASE("a clean end prints nothing") {
  const RegistryView state;
  const auto ended = run(nslaunch({"--", "true"}), state.options());
  CHECK(ended.status == 0);
  CHECK(ended.out + ended.err == "");
  CHECK(state.files().empty());
}

TEST_CASE("a command runs where there are no devices, and nothing fails once it has run") {
  if (::geteuid() != 0) return;
  const RegistryView state;
  const auto ended = run({"unshare", "-m", "sh", "-c", "mount -t tmpfs none /dev && exec \"$@\" </etc/passwd",
                          "sh", nslaunch({}).front(), "--", "sh", "-c", "echo ran; exit 4"},
                         state.options());
  CHECK(ended.out == "ran\n");
  CHECK(ended.err.empty());
  CHECK(ended.status == 4);
}

}  // namespace nslaunch::test
