// What tests run in shards.
//   nslaunch_probe          prints what process it has become, a fact a line: "name value"; tests
//                           compare what it says directly with what it says in a shard
//   nslaunch_probe signals  counts signals (probe_signals.hpp)
//   nslaunch_probe die N    dies of signal N, whether it was blocked or not
//   nslaunch_probe connect ADDRESS..., nslaunch_probe queue NAME (probe_ipc.hpp)
//   nslaunch_probe echo|greet|talk|hear ADDRESS PORT, nslaunch_probe lead (probe_echo.hpp)
//   nslaunch_probe exchange ADDRESS PORT SIZE, nslaunch_probe datagram ADDRESS PORT TEXT
//                           (probe_exchange.hpp)
//   nslaunch_probe apart NAMESPACES PORT (probe_apart.hpp)
//   nslaunch_probe ...      whatever probe_acts.hpp lists

#include <dirent.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "support/probe_acts.hpp"
#include "support/probe_apart.hpp"
#include "support/probe_echo.hpp"
#include "support/probe_exchange.hpp"
#include "support/probe_ipc.hpp"
#include "support/probe_signals.hpp"

namespace {

void print_signals() {
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, nullptr, &blocked);
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action = {};
    if (sigismember(&blocked, signal) == 1) std::printf("blocked %d\n", signal);
    if (sigaction(signal, nullptr, &action) != 0) continue;
    if (action.sa_handler == SIG_IGN) std::printf("ignored %d\n", signal);
  }
}

void print_descriptors() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return;
  std::vector<int> numbers;
  while (const dirent* entry = readdir(directory)) {
    const int number = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && number != dirfd(directory)) numbers.push_back(number);
  }
  closedir(directory);
  std::sort(numbers.begin(), numbers.end());
  for (const int number : numbers) {
    char target[PATH_MAX] = {};
    const std::string link = "/proc/self/fd/" + std::to_string(number);
    if (readlink(link.c_str(), target, sizeof target - 1) > 0) std::printf("fd %d %s\n", number, target);
  }
}

void print_limits() {
  for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
    rlimit limit = {};
    if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) continue;
    std::printf("limit %d %llu %llu\n", resource, static_cast<unsigned long long>(limit.rlim_cur),
                static_cast<unsigned long long>(limit.rlim_max));
  }
}

void print_scheduling() {
  cpu_set_t cpus;
  sched_getaffinity(0, sizeof cpus, &cpus);
  std::printf("cpus");
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<unsigned>(cpu), &cpus)) std::printf(" %d", cpu);
  }
  std::printf("\nnice %d\n", getpriority(PRIO_PROCESS, 0));
}

void die_of(int signal) {
  std::signal(signal, SIG_DFL);  // a sanitizer may have taken it
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  sigprocmask(SIG_UNBLOCK, &one, nullptr);
  std::raise(signal);
}

void print_process() {
  std::printf("ids %u %u %u %u\n", getuid(), geteuid(), getgid(), getegid());
  char directory[PATH_MAX];
  std::printf("cwd %s\n", getcwd(directory, sizeof directory) != nullptr ? directory : "-");
  const mode_t mask = umask(0);
  std::printf("umask %o\n", mask);
  print_signals();
  print_descriptors();
  print_limits();
  print_scheduling();
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, "NSLAUNCH", 8) != 0) std::printf("env %s\n", *entry);
  }
}

}  // namespace

int main(int count, char** words) {
  const std::string mode = count > 1 ? words[1] : "";
  if (mode == "signals") return nslaunch::test::count_signals();
  if (mode == "die" && count > 2) die_of(std::atoi(words[2]));
  if (mode == "connect") return nslaunch::test::connect_to_itself(count - 2, words + 2);
  if (mode == "echo" && count > 3) return nslaunch::test::echo(words[2], words[3]);
  if (mode == "greet" && count > 3) return nslaunch::test::greet(words[2], words[3]);
  if (mode == "talk" && count > 3) return nslaunch::test::talk(words[2], words[3]);
  if (mode == "hear" && count > 3) return nslaunch::test::hear(words[2], words[3]);
  if (mode == "exchange" && count > 4) {
    return nslaunch::test::exchange(words[2], words[3], static_cast<std::size_t>(std::atol(words[4])));
  }
  if (mode == "datagram" && count > 4) return nslaunch::test::datagram(words[2], words[3], words[4]);
  if (mode == "apart" && count > 3) return nslaunch::test::tell_whether_apart(words[2], words[3]);
  if (mode == "lead") return nslaunch::test::lead();
  if (mode == "queue" && count > 2) return nslaunch::test::make_queue(words[2]);
  if (!mode.empty()) return nslaunch::test::act(count - 1, words + 1);
  print_process();
  return 0;
}
