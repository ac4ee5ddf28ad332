#include "support/probe_acts.hpp"

#include "support/probe_handles.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "support/probe_hang.hpp"
#include "support/probe_lock.hpp"
#include "support/probe_push.hpp"

namespace nslaunch::test {
namespace {

void say_up() {
  std::puts("up");
  std::fflush(stdout);
}

[[noreturn]] void stay() {
  for (;;) pause();
}

void ignore_signals() {
  for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_IGN);
}

sockaddr_in address_of(const char* address, const char* port) {
  sockaddr_in name = {};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<in_port_t>(std::atoi(port)));
  inet_pton(AF_INET, address, &name.sin_addr);
  return name;
}

int serve(const char* address, const char* port) {
  const auto name = address_of(address, port);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      listen(listener, 5) != 0) {
    std::fprintf(stderr, "%s:%s: %s\n", address, port, std::strerror(errno));
    return 2;
  }
  say_up();
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  const auto own = address_of("127.0.0.1", port);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(client, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) return 3;
  return accept(listener, nullptr, nullptr) >= 0 ? 0 : 4;
}

/// Counts SIGINT and ends at the second as a program that cleans up does. A shell's trap won't do: what
/// comes just before its `read` or `wait` blocks is acted on only after that.
int clean_up() {
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  sigprocmask(SIG_BLOCK, &interrupt, nullptr);
  std::puts("ready");
  std::fflush(stdout);
  for (int count = 1; count <= 2; ++count) {
    int signal = 0;
    sigwait(&interrupt, &signal);
    std::printf("interrupt %d\n", count);
    std::fflush(stdout);
  }
  std::puts("cleaned up");
  return 7;
}

/// A count that all descendants share.
std::atomic<int>& shared_count() {
  void* page =
      mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) std::exit(5);
  return *new (page) std::atomic<int>(0);
}

void daemonise_one(int ready) {
  const pid_t parent = fork();
  if (parent == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    ignore_signals();
    if (write(ready, "x", 1) != 1) _exit(6);
    close(ready);
    stay();
  }
  waitpid(parent, nullptr, 0);
}

int swarm(int count) {
  int ready[2];
  if (pipe(ready) != 0) return 5;
  for (int i = 0; i < count; ++i) daemonise_one(ready[1]);
  char byte = 0;
  for (int i = 0; i < count; ++i) {
    if (read(ready[0], &byte, 1) != 1) return 6;
  }
  say_up();
  return 0;
}

int rename_aloud(const char* from, const char* to) {
  const bool renamed = std::rename(from, to) == 0;
  std::puts(renamed ? "renamed" : std::strerror(errno));
  return renamed ? 0 : 2;
}

[[noreturn]] void bomb(int count) {
  ignore_signals();
  auto& forked = shared_count();
  auto& there = shared_count();
  forked = 1;
  while (forked.fetch_add(1) < count) {
    if (fork() < 0) std::exit(7);
  }
  // Nobody forks any more; the last one to get here says so.
  if (there.fetch_add(1) == count - 1) say_up();
  stay();
}

/// Signals itself while whoever has started it traces it, which is no debugger. Then by one more signal, if
/// there is one, to be as without a tracer.
int be_traced(int last_signal) {
  static volatile std::sig_atomic_t handled = 0;
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return 1;
  std::signal(SIGUSR1, [](int) { handled = handled + 1; });
  for (const int signal : {SIGUSR1, SIGCHLD, SIGUSR1, SIGWINCH}) raise(signal);
  std::printf("handled %d\n", static_cast<int>(handled));
  std::fflush(stdout);
  if (last_signal != 0) raise(last_signal);
  return 7;
}

}  // namespace

int act(int count, char** words) {
  const std::string_view what = words[0];
  if (what == "serve" && count > 2) return serve(words[1], words[2]);
  if (what == "clean-up") return clean_up();
  if (what == "swarm" && count > 1) return swarm(std::atoi(words[1]));
  if (what == "rename" && count > 2) return rename_aloud(words[1], words[2]);
  if (what == "bomb" && count > 1) bomb(std::atoi(words[1]));
  if (what == "threads" && count > 1) return stay_with_threads(std::atoi(words[1]));
  if (what == "push") return push_back();
  if (what == "be-traced") return be_traced(count > 1 ? std::atoi(words[1]) : 0);
  if (what == "break-out") return break_out();
  if (what == "unread" && count > 1) return leave_unread(std::atoi(words[1]));
  if (what == "hold-memory" && count > 2) return hold_memory(words[1], words[2]);
  if (what == "hold-exec" && count > 2) return hold_exec(words[1], words[2]);
  if (what == "hold-directory" && count > 2) return hold_directory(words[1], words[2]);
  if (what == "hold-window-size" && count > 1) return hold_window_size(words[1]);
  if (what == "hold-terminal" && count > 1) return hold_terminal(words[1]);
  if (what == "stay") {
    ignore_signals();
    say_up();
    stay();
  }
  std::fprintf(stderr, "the probe knows no '%s'\n", words[0]);
  return 64;
}

}  // namespace nslaunch::test
