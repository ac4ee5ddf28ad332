#include "registry/as_user.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/fd.hpp"
#include "sys/files.hpp"

namespace nslaunch::registry {
namespace {

/// The user can stop or kill the child, but not hold up root.
constexpr std::chrono::seconds kLimit{60};
/// The user owns the folder and the processes: no group is needed.
constexpr gid_t kNoGroup = 65534;

[[noreturn]] void work_as(uid_t user, int answer, const std::function<std::string()>& work) {
  const bool became = ::setgroups(0, nullptr) == 0 && ::setresgid(kNoGroup, kNoGroup, kNoGroup) == 0 &&
                      ::setresuid(user, user, user) == 0;
  if (!became) ::_exit(1);
  try {
    ::_exit(sys::write_all(answer, work()));
  } catch (...) {
    ::_exit(1);
  }
}

/// All that comes until the other end closes, or nothing where that takes too long.
bool read_answer(int from, std::string& answer) {
  const sys::Deadline deadline(kLimit);
  char chunk[4096];
  for (;;) {
    struct pollfd watched = {from, POLLIN, 0};
    const int ready = ::poll(&watched, 1, deadline.poll_timeout());
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t count = sys::retry_on_eintr([&] { return ::read(from, chunk, sizeof chunk); });
    if (count <= 0) return count == 0;
    answer.append(chunk, static_cast<std::size_t>(count));
  }
}

}  // namespace

std::string as_user(uid_t user, const std::function<std::string()>& work) {
  if (user == ::geteuid()) return work();
  auto pipe = sys::make_pipe();
  const pid_t child = sys::check(::fork(), "starting a process for user {}", user);
  if (child == 0) work_as(user, pipe.write.get(), work);
  pipe.write.reset();
  std::string answer;
  const bool answered = read_answer(pipe.read.get(), answer);
  if (!answered) ::kill(child, SIGKILL);
  int status = 0;
  sys::retry_on_eintr([&] { return ::waitpid(child, &status, 0); });
  if (!answered) throw Error(sys::errno_code(ETIMEDOUT), fmt::format("working as user {}", user));
  if (status != 0) throw Error(sys::errno_code(EPERM), fmt::format("working as user {}", user));
  return answer;
}

}  // namespace nslaunch::registry
