#include "support/probe_hang.hpp"

#include <pthread.h>
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <vector>

namespace nslaunch::test {
namespace {

[[noreturn]] void stay() {
  for (;;) pause();
}

void* stay_in_thread(void*) {
  stay();
}

void say_up() {
  std::puts("up");
  std::fflush(stdout);
}

}  // namespace

int stay_with_threads(int count) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, std::size_t{1} << 16);
  for (int i = 0; i < count; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, &small, stay_in_thread, nullptr) != 0) return 5;
  }
  say_up();
  stay();
}

namespace {

/// Orphans that close what the caller reads from. Returns their pids.
std::vector<pid_t> leave_idle(int count) {
  std::vector<pid_t> pids;
  for (int i = 0; i < count; ++i) {
    const pid_t pid = fork();
    if (pid > 0) pids.push_back(pid);
    if (pid != 0) continue;
    for (int stream = 0; stream <= 2; ++stream) close(stream);
    stay();
  }
  return pids;
}

}  // namespace

int leave_flapping(int idle, int flapping) {
  setsid();
  leave_idle(idle);
  for (int group = 0; group < 2; ++group) {
    const auto pids = leave_idle(flapping);
    if (fork() != 0) continue;
    for (int stream = 0; stream <= 2; ++stream) close(stream);
    for (;;) {
      for (const pid_t pid : pids) kill(pid, SIGSTOP);
      for (const pid_t pid : pids) kill(pid, SIGCONT);
    }
  }
  return 0;
}

}  // namespace nslaunch::test
