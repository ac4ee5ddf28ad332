#include "sys/process/forked.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "sys/base/check.hpp"

namespace nslaunch::sys {
namespace {

/// How long a killed process may take to end; an unkillable one is left to the reaper of our orphans.
constexpr std::chrono::milliseconds kEndLimit{200};

constexpr int kRoom = 1 << 20;

[[noreturn]] void be_child(pid_t parent, int out, const std::function<void(int)>& body) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  close_all_except({out});  // a lock or a pipe of the caller's must not outlive it in this child
  try {
    body(out);
  } catch (...) {
    ::_exit(1);
  }
  ::_exit(0);
}

}  // namespace

pid_t fork_untold() noexcept {
  return static_cast<pid_t>(::syscall(SYS_clone, 0, nullptr, nullptr, nullptr, nullptr));
}

ChildWork::ChildWork(const std::function<void(int)>& body) : pipe_(make_pipe()) {
  // Room for output that is read later; less will do.
  ::fcntl(pipe_.write.get(), F_SETPIPE_SZ, kRoom);
  const pid_t self = ::getpid();
  child_ = check(fork_untold(), "starting a process of our own");
  if (child_ == 0) be_child(self, pipe_.write.get(), body);
  pipe_.write.reset();
  handle_ = Pidfd::open(child_);
}

bool ChildWork::read(std::chrono::milliseconds silence, const Deadline& deadline,
                     const std::function<bool(std::string_view)>& take) {
  do {
    const Deadline next(std::min(Clock::now() + silence, deadline.at()));
    pollfd watched = {pipe_.read.get(), POLLIN, 0};
    if (retry_on_eintr([&] { return ::poll(&watched, 1, next.poll_timeout()); }) <= 0) return false;
  } while (read_once(take));
  return was_read_;
}

bool ChildWork::read_some(const std::function<bool(std::string_view)>& take) {
  pollfd watched = {pipe_.read.get(), POLLIN, 0};
  return ::poll(&watched, 1, 0) <= 0 || read_once(take);
}

bool ChildWork::read_once(const std::function<bool(std::string_view)>& take) {
  char chunk[65536];
  const ssize_t count = retry_on_eintr([&] { return ::read(pipe_.read.get(), chunk, sizeof chunk); });
  if (count <= 0) was_read_ = count == 0;
  return count > 0 && take({chunk, static_cast<std::size_t>(count)});
}

bool ChildWork::end() {
  if (child_ < 0) return false;
  if (!was_read_) ::kill(child_, SIGKILL);
  siginfo_t end = {};
  if (handle_ && handle_->wait_for_end(kEndLimit)) {
    retry_on_eintr(
        [&] { return ::waitid(P_PID, static_cast<id_t>(child_), &end, WEXITED | WNOHANG | __WALL); });
  }
  const bool has_ended = end.si_pid == std::exchange(child_, -1);
  return was_read_ && has_ended && end.si_code == CLD_EXITED && end.si_status == 0;
}

ChildOutput output_of_child(const std::function<void(int)>& body, std::chrono::milliseconds limit,
                            std::size_t most) {
  ChildWork work(body);
  ChildOutput output;
  work.read(limit, Deadline(limit), [&](std::string_view chunk) {
    output.text.append(chunk);
    return output.text.size() < most;
  });
  output.complete = work.end();
  return output;
}

}  // namespace nslaunch::sys
