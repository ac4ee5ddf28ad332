#include "bench/process.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sstream>

#include "bench/interrupt.hpp"

namespace nslaunch::bench {
namespace {

constexpr int kCannotStart = 127;
constexpr std::size_t kStackSize = 65536;

struct Start {
  std::vector<char*> argv;
  const Account* account;
  std::array<int, 3> streams;
};

// Runs in the child on the parent's memory: system calls only. Raw ones for the identity,
// because libc's would have every thread of a process follow.
int child_main(void* argument) {
  const auto& start = *static_cast<const Start*>(argument);
  for (int fd = 0; fd < 3; ++fd) dup2(start.streams[static_cast<std::size_t>(fd)], fd);
  if (start.account != nullptr) {
    const uid_t uid = start.account->uid;
    const gid_t gid = start.account->gid;
    if (syscall(SYS_setgroups, 0, nullptr) < 0 || syscall(SYS_setresgid, gid, gid, gid) < 0 ||
        syscall(SYS_setresuid, uid, uid, uid) < 0)
      _exit(kCannotStart);
  }
  execv(start.argv[0], start.argv.data());
  _exit(kCannotStart);
}

double milliseconds(const timeval& time) {
  return 1000.0 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1000.0;
}

int dev_null() {
  static const UniqueFd fd(
      static_cast<int>(check(open("/dev/null", O_RDWR | O_CLOEXEC), "opening /dev/null")));
  return fd.get();
}

std::string read_all(const UniqueFd& fd) {
  std::string text;
  std::array<char, 4096> buffer;
  while (const auto size = check(read(fd.get(), buffer.data(), buffer.size()), "reading a program's output"))
    text.append(buffer.data(), static_cast<std::size_t>(size));
  return text;
}

UniqueFd temporary_file() {
  return UniqueFd(
      static_cast<int>(check(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), "making a file")));
}

}  // namespace

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Child::~Child() {
  if (pid_ < 0) return;
  kill();
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

Ending Child::wait() {
  int status = 0;
  rusage usage{};
  check(wait4(pid_, &status, 0, &usage), "waiting for a program");
  pid_ = -1;
  return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
          milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime)};
}

void Child::kill() {
  ::kill(pid_, SIGKILL);
}

Child spawn(const Program& program, const Streams& streams) {
  alignas(16) static std::array<char, kStackSize> stack;
  Start start{{}, program.run_as ? &*program.run_as : nullptr, {dev_null(), dev_null(), dev_null()}};
  if (streams.out >= 0) start.streams[1] = streams.out;
  if (streams.err >= 0) start.streams[2] = streams.err;
  for (const auto& word : program.argv) start.argv.push_back(const_cast<char*>(word.c_str()));
  start.argv.push_back(nullptr);

  throw_if_interrupted();
  const int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
  return Child(static_cast<pid_t>(
      check(clone(child_main, stack.data() + stack.size(), flags, &start), "starting " + program.argv[0])));
}

Output capture(const Program& program) {
  const auto out = temporary_file();
  const auto err = temporary_file();
  const int status = spawn(program, {out.get(), err.get()}).wait().status;
  lseek(out.get(), 0, SEEK_SET);
  lseek(err.get(), 0, SEEK_SET);
  return {status, read_all(out), read_all(err)};
}

std::optional<std::string> find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream directories(path != nullptr ? path : "/usr/bin:/bin");
  for (std::string directory; std::getline(directories, directory, ':');)
    if (auto file = directory + "/" + name; access(file.c_str(), X_OK) == 0) return file;
  return std::nullopt;
}

}  // namespace nslaunch::bench
