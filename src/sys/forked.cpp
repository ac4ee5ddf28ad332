#include "sys/forked.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/fd.hpp"
#include "sys/pidfd.hpp"

namespace nslaunch::sys {
namespace {

/// For the kernel to end a process that was killed; one that can't be is left to whoever reaps ours.
constexpr std::chrono::milliseconds kEndLimit{200};

[[noreturn]] void be_child(pid_t parent, int out, const std::function<void(int)>& body) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  close_all_except({out});  // a lock or a pipe of the caller's must not outlive it in us
  try {
    body(out);
  } catch (...) {
    ::_exit(1);
  }
  ::_exit(0);
}

/// True at end of file.
bool read_until(int fd, const Deadline& deadline, std::size_t most, std::string& text) {
  char chunk[65536];
  while (text.size() < most) {
    pollfd watched = {fd, POLLIN, 0};
    if (retry_on_eintr([&] { return ::poll(&watched, 1, deadline.poll_timeout()); }) <= 0) return false;
    const ssize_t count = retry_on_eintr([&] { return ::read(fd, chunk, sizeof chunk); });
    if (count <= 0) return count == 0;
    text.append(chunk, static_cast<std::size_t>(count));
  }
  return false;
}

}  // namespace

pid_t fork_untold() noexcept {
  return static_cast<pid_t>(::syscall(SYS_clone, 0, nullptr, nullptr, nullptr, nullptr));
}

ChildOutput output_of_child(const std::function<void(int)>& body, std::chrono::milliseconds limit,
                            std::size_t most) {
  auto pipe = make_pipe();
  const Deadline deadline(limit);
  const pid_t self = ::getpid();
  const pid_t child = check(fork_untold(), "starting a process of our own");
  if (child == 0) be_child(self, pipe.write.get(), body);
  pipe.write.reset();
  const auto handle = Pidfd::open(child);
  ChildOutput output;
  const bool whole = read_until(pipe.read.get(), deadline, most, output.text);
  if (!whole) ::kill(child, SIGKILL);
  siginfo_t end = {};
  if (handle && handle->wait_for_end(kEndLimit)) {
    retry_on_eintr(
        [&] { return ::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOHANG | __WALL); });
  }
  output.complete = whole && end.si_pid == child && end.si_code == CLD_EXITED && end.si_status == 0;
  return output;
}

}  // namespace nslaunch::sys
