#include "support/pty.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {

PtySession::PtySession(const Words& words, const StartOptions& options, Size size) {
  winsize window = {size.rows, size.columns, 0, 0};
  int master = -1;
  pid_ = sys::check(::forkpty(&master, nullptr, nullptr, &window), "making a terminal for {}", words.front());
  if (pid_ == 0) become(words, options);
  master_ = sys::Fd(master);
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
  pidfd_ = std::move(*sys::Pidfd::open(pid_));
}

PtySession::~PtySession() {
  master_.reset();
  if (pid_ < 0) return;
  pidfd_.send_signal(SIGKILL);
  sys::retry_on_eintr([&] { return ::waitpid(pid_, nullptr, 0); });
}

void PtySession::send(const std::string& text) {
  if (const int error = sys::write_all(master_.get(), text); error != 0)
    throw std::runtime_error("typing on a terminal");
}

/// False where nothing came within `timeout` milliseconds or the other side is closed.
bool PtySession::read_some(int timeout) {
  pollfd watched = {master_.get(), POLLIN, 0};
  if (sys::retry_on_eintr([&] { return ::poll(&watched, 1, timeout); }) <= 0) return false;
  char chunk[4096];
  const ssize_t count = sys::retry_on_eintr([&] { return ::read(master_.get(), chunk, sizeof chunk); });
  if (count <= 0) return false;
  seen_.append(chunk, static_cast<std::size_t>(count));
  return true;
}

std::string PtySession::read_until(const std::string& text) {
  const sys::Deadline deadline(kPatience);
  std::size_t found = 0;
  while ((found = seen_.find(text)) == std::string::npos) {
    if (!read_some(deadline.poll_timeout())) {
      throw std::runtime_error("the terminal never showed '" + text + "'; it showed: " + seen_);
    }
  }
  auto before = seen_.substr(0, found);
  seen_.erase(0, found + text.size());
  return before;
}

std::string PtySession::unread() {
  while (read_some(0)) {
  }
  return seen_;
}

void PtySession::resize(Size size) {
  const winsize window = {size.rows, size.columns, 0, 0};
  sys::check(::ioctl(master_.get(), TIOCSWINSZ, &window), "resizing a terminal");
}

pid_t PtySession::foreground_group() const {
  return ::tcgetpgrp(master_.get());
}

void PtySession::hang_up() {
  master_.reset();
}

Result PtySession::wait(std::chrono::milliseconds patience) {
  const sys::Deadline deadline(patience);
  Result result;
  while (!pidfd_.has_ended()) {
    pollfd watched[] = {{pidfd_.get(), POLLIN, 0}, {master_.get(), POLLIN, 0}};
    if (sys::retry_on_eintr([&] { return ::poll(watched, 2, deadline.poll_timeout()); }) <= 0) {
      throw std::runtime_error("the program on the terminal is still running; it showed: " + seen_);
    }
    // Past the last writer the terminal is readable for ever and says EIO.
    if (watched[1].revents != 0 && !read_some(0)) pidfd_.wait_for_end(std::chrono::milliseconds{10});
  }
  while (master_ && read_some(0)) {
  }
  result.out = seen_;
  int status = 0;
  sys::check(sys::retry_on_eintr([&] { return ::waitpid(pid_, &status, 0); }),
             "waiting for a terminal's program");
  pid_ = -1;
  if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  return result;
}

}  // namespace nslaunch::test
