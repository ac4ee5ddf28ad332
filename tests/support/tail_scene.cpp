#include "support/tail_scene.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "inspect/leaks/survivors.hpp"
#include "support/listeners.hpp"
#include "support/namespaces.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {

std::string as_init(const std::function<std::string()>& body) {
  auto text = in_new_namespaces(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET, [&]() -> std::string {
    if (!mount_proc()) return "no /proc";
    bring_loopback_up();
    return body();
  });
  if (text == "no /proc") SKIP_TEST("a fresh /proc can't be mounted here");
  return text;
}

sys::Pipe make_small_pipe() {
  auto pipe = sys::make_pipe();
  sys::check(::fcntl(pipe.write.get(), F_SETPIPE_SZ, 4096), "making a pipe small");
  return pipe;
}

std::size_t read_bytes(int fd, std::size_t count) {
  std::size_t total = 0;
  char chunk[4096];
  while (total < count) {
    pollfd watched = {fd, POLLIN, 0};
    if (::poll(&watched, 1, 20'000) != 1) return total;
    const ssize_t got = ::read(fd, chunk, std::min(sizeof chunk, count - total));
    if (got <= 0) return total;
    total += static_cast<std::size_t>(got);
  }
  return total;
}

void run_bash(const char* script, sys::Fd& output) {
  const pid_t bash = fork_child([&] {
    ::dup2(output.get(), STDOUT_FILENO);
    ::execlp("bash", "bash", "-c", script, nullptr);
    return 127;
  });
  output.reset();
  int status = 0;
  sys::check(::waitpid(bash, &status, 0), "waiting for bash");
  if (status != 0) throw std::runtime_error(fmt::format("bash ended with status {}", status));
}

pid_t pid_of(const std::string& comm) {
  for (const pid_t pid : inspect::processes_in_own_namespace())
    if (const auto stat = sys::read_stat(pid); stat && stat->comm == comm) return pid;
  throw std::runtime_error("no process is called " + comm);
}

void wait_for_stop(pid_t pid) {
  // Not our own child: bash forked it and is gone, or waits.
  const sys::Deadline deadline(std::chrono::seconds{20});
  for (char state = '?'; state != 'T' && !deadline.passed(); ::sched_yield())
    if (const auto stat = sys::read_stat(pid)) state = stat->state;
}

void read_from(sys::Pipe& pipe) {
  ::dup2(pipe.read.get(), STDIN_FILENO);
  pipe.read.reset();
  pipe.write.reset();
}

}  // namespace nslaunch::test
