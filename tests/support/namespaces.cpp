#include "support/namespaces.hpp"

#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

void map_own_ids(uid_t uid, gid_t gid) {
  sys::check(-sys::write_file("/proc/self/setgroups", "deny"), "denying setgroups");
  sys::check(-sys::write_file("/proc/self/gid_map", fmt::format("{0} {0} 1", gid)), "mapping the group");
  sys::check(-sys::write_file("/proc/self/uid_map", fmt::format("{0} {0} 1", uid)), "mapping the user");
}

[[noreturn]] void run_body(const std::function<std::string()>& prepare_and_run, int result) {
  std::string text;
  try {
    text = prepare_and_run();
  } catch (const std::exception& error) {
    text = std::string("exception: ") + error.what();
  } catch (...) {
    text = "exception";  // it must not reach the copy of the test framework in this process
  }
  sys::write_all(result, text);
  ::_exit(0);
}

/// Everything up to end of file; false when that does not come in time.
bool read_until_end(int fd, std::string& text, const sys::Deadline& deadline) {
  for (;;) {
    pollfd watched = {fd, POLLIN, 0};
    if (sys::retry_on_eintr([&] { return ::poll(&watched, 1, deadline.poll_timeout()); }) <= 0) return false;
    char chunk[4096];
    const ssize_t count = sys::retry_on_eintr([&] { return ::read(fd, chunk, sizeof chunk); });
    if (count <= 0) return count == 0;
    text.append(chunk, static_cast<std::size_t>(count));
  }
}

}  // namespace

std::string in_new_namespaces(int flags, const std::function<std::string()>& body) {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (uid != 0) flags |= CLONE_NEWUSER;
  auto result = sys::make_pipe();
  const auto child = static_cast<pid_t>(::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, 0));
  if (child < 0 && (errno == EPERM || errno == ENOSPC || errno == ENOSYS))
    SKIP_TEST(fmt::format("no namespaces here: {}", std::strerror(errno)).c_str());
  sys::check(child, "cloning into new namespaces");
  if (child == 0) {
    result.read.reset();
    run_body(
        [&] {
          if (uid != 0) map_own_ids(uid, gid);
          return body();
        },
        result.write.get());
  }
  result.write.reset();
  std::string text;
  const bool ended = read_until_end(result.read.get(), text, sys::Deadline(std::chrono::seconds{60}));
  ::kill(child, SIGKILL);
  sys::retry_on_eintr([&] { return ::waitpid(child, nullptr, 0); });
  if (!ended) throw std::runtime_error("the body in new namespaces did not end in time; so far: " + text);
  return text;
}

pid_t fork_child(const std::function<int()>& body) {
  const pid_t child = sys::check(::fork(), "forking");
  if (child != 0) return child;
  int status = 70;
  try {
    status = body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "in a forked child: %s\n", error.what());
  } catch (...) {
    std::fprintf(stderr, "in a forked child: an exception\n");
  }
  ::_exit(status);
}

pid_t start_and_prepare(const std::function<void()>& prepare) {
  auto ready = sys::make_pipe();
  const pid_t child = fork_child([&]() -> int {
    ready.read.reset();
    prepare();
    sys::write_all(ready.write.get(), "x");
    ready.write.reset();
    for (;;) ::pause();
  });
  ready.write.reset();
  char byte = 0;
  if (sys::retry_on_eintr([&] { return ::read(ready.read.get(), &byte, 1); }) != 1)
    throw std::runtime_error("a child ended while it prepared");
  return child;
}

bool mount_proc() {
  sys::check(::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr), "making mounts private");
  return ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
}

void bring_loopback_up() {
  const sys::Fd socket(sys::check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "opening a socket"));
  ifreq request = {};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  sys::check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "setting lo up");
}

}  // namespace nslaunch::test
