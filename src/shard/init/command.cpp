#include "shard/init/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <sstream>

#include "shard/init/take_user.hpp"
#include "shard/plan/environment.hpp"
#include "shard/wire/fault.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"
#include "sys/base/signals.hpp"

namespace nslaunch::shard {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> list;
  list.reserve(strings.size() + 1);
  for (const auto& text : strings) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

#ifdef NSLAUNCH_FAULTS
int injected_fault(Step step) {
  try {
    fault_point(step);
  } catch (const Error& error) {
    return error.code().value();
  }
  return 0;
}
#else
constexpr int injected_fault(Step) {
  return 0;
}
#endif

/// Returns 0 or an errno.
int take_place(const Start& start) {
  if (start.place == Start::Place::kGroup) {
    if (::setpgid(0, 0) != 0) return errno;
    // A Ctrl-Z that has reached us in the launcher's group would stop us before the exec, which init waits
    // for. None can reach us any more, and this cancels it.
    ::kill(::getpid(), SIGCONT);
    return 0;
  }
  if (start.place != Start::Place::kSession) return 0;
  if (::setsid() < 0) return errno;
  return start.terminal < 0 || ::ioctl(start.terminal, TIOCSCTTY, 0) == 0 ? 0 : errno;
}

/// Returns 0 or an errno.
int take_streams(std::span<const sys::Fd> streams) {
  int number = 0;
  for (const auto& stream : streams) {
    if (::dup2(stream.get(), number++) < 0) return errno;
  }
  return 0;
}

/// As another user, no magic link of /proc is followed: it could lead where only init may be. Returns 0 or an
/// errno.
int enter(const std::string& directory, bool as_user) noexcept {
  if (directory.empty()) return 0;
  if (!as_user) return ::chdir(directory.c_str()) == 0 ? 0 : errno;
  const auto place = sys::open_without_magic_links(directory, O_PATH | O_DIRECTORY);
  return place && ::fchdir(place.get()) == 0 ? 0 : errno;
}

/// Where a command without a slash may be.
std::vector<std::string> places_in_path(const Start& start) {
  std::vector<std::string> places;
  const auto& command = start.command.front();
  if (command.find('/') != std::string::npos) return places;
  std::istringstream entries(variable(start.environment, "PATH").value_or(""));
  for (std::string entry; std::getline(entries, entry, ':');)
    places.push_back(fmt::format("{}/{}", entry.empty() ? "." : entry, command));
  return places;
}

bool has_file(const std::string& path) noexcept {
  return ::access(path.c_str(), F_OK) == 0;
}

/// execvp also fails with EACCES if a directory of PATH may not be searched: a shell continues, and so finds
/// nothing.
int as_shell_says(int error, const std::vector<std::string>& places) noexcept {
  const bool is_hidden = error == EACCES && !places.empty() && std::ranges::none_of(places, has_file);
  return is_hidden ? ENOENT : error;
}

/// Shorter than the client's own wait for the answer.
constexpr std::chrono::milliseconds kClientsLimit{2500};

/// The last stop signal that reached the new process before its exec and that no SIGCONT cancelled.
volatile std::sig_atomic_t kept_stop = 0;

void keep_stop(int signal) {
  kept_stop = signal == SIGCONT ? 0 : signal;
}

/// If the new process were stopped before its exec, init would wait for it, and so would the launcher. An
/// exec resets the handlers; they belong to this process alone, but what they write is also init's (vfork).
void keep_stops() {
  for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT}) {
    if (!sys::is_ignored(signal)) sys::set_handler(signal, keep_stop);
  }
}

/// What the new process needs until its exec.
struct Prepared {
  Prepared(const Plan& plan, const Start& start)
      : argv(pointers(start.command)), envp(pointers(start.environment)), places(places_in_path(start)) {
    if (plan.spec.user) closed = sys::closed_by_exec();
  }

  std::vector<char*> argv;
  std::vector<char*> envp;
  std::vector<std::string> places;
  /// Init's descriptors: the user may delay the process's exec, and it must not hold a port or lock of root's
  /// meanwhile.
  std::vector<int> closed;
};

/// Runs in the new process until the exec. The process may share init's memory (vfork), so it only reads what
/// is prepared and writes `failure`.
void become(const Plan& plan, const Start& start, Prepared& prepared, StartFailure& failure) {
  const auto failed = [&](Step step, int error) {
    failure = {step, error};
    return error != 0;
  };
  if (failed(Step::kPlace, injected_fault(Step::kPlace))) return;
  if (failed(Step::kPlace, take_place(start))) return;
  if (failed(Step::kPlace, take_streams(start.streams))) return;
  for (const int descriptor : prepared.closed) ::close(descriptor);
  if (plan.spec.user) {
    if (failed(Step::kUser, injected_fault(Step::kUser))) return;
    if (failed(Step::kUser, take_user(*plan.spec.user))) return;
  }
  if (failed(Step::kWorkdir, injected_fault(Step::kWorkdir))) return;
  if (failed(Step::kWorkdir, enter(start.directory, plan.spec.user.has_value()))) return;
  if (failed(Step::kExec, injected_fault(Step::kExec))) return;
  if (start.place == Start::Place::kCallersGroup) keep_stops();
  if (failed(Step::kPlace, plan.caller_signals.restore())) return;
  if (plan.descriptor_limit && ::setrlimit(RLIMIT_NOFILE, &*plan.descriptor_limit) != 0) {
    failed(Step::kPlace, errno);
    return;
  }
  // execvp searches the PATH of `environ`, which must be the command's, not nslaunch's.
  environ = prepared.envp.data();
  ::execvp(prepared.argv[0], prepared.argv.data());
  // Checked as the command's user: init, if it is root's, would see what that user can't.
  failure = {Step::kExec, as_shell_says(errno, prepared.places), has_file(start.command.front())};
}

}  // namespace

pid_t start_process(const Plan& plan, const Start& start, StartFailure& failure) {
  Prepared prepared(plan, start);
  char** const own_environment = environ;

  // vfork: a third of fork's cost here (K27), and it returns only when the exec has succeeded or failed. It
  // does not delay the end after a launcher's death: SIGKILL ends the wait inside (K1).
  kept_stop = 0;
  const pid_t pid = ::vfork();
  if (pid == 0) {
    become(plan, start, prepared, failure);
    ::_exit(1);
  }
  environ = own_environment;
  sys::check(pid, "starting a process");
  if (failure.error == 0) {
    if (kept_stop != 0) ::kill(pid, kept_stop);
    return pid;
  }
  sys::retry_on_eintr([&] { return ::waitpid(pid, nullptr, 0); });
  return 0;
}

pid_t start_for_client(const Plan& plan, const Start& start, StartFailure& failure) {
  Prepared prepared(plan, start);
  auto report = sys::make_pipe();  // an exec closes it
  const pid_t pid = sys::check(::fork(), "starting a process");
  if (pid == 0) {
    become(plan, start, prepared, failure);
    const auto written = ::write(report.write.get(), &failure, sizeof failure);
    ::_exit(written == sizeof failure ? 1 : 2);
  }
  report.write.reset();
  const sys::Deadline deadline(kClientsLimit);
  pollfd watched = {report.read.get(), POLLIN, 0};
  const bool has_news =
      sys::retry_on_eintr([&] { return ::poll(&watched, 1, deadline.poll_timeout()); }) == 1;
  if (has_news && ::read(report.read.get(), &failure, sizeof failure) != sizeof failure) return pid;
  if (!has_news) failure = {Step::kFork, ETIMEDOUT};
  // It is reaped like all others: its user may stop it even after it has reported why the exec failed.
  ::kill(pid, SIGKILL);
  return 0;
}

Start start_of_command(const Plan& plan, const std::string& isolation) {
  Start start{.command = plan.spec.command,
              .environment = plan.spec.environment,
              .directory = plan.enters_directory ? plan.working_directory : "",
              .place = plan.own_process_group ? Start::Place::kGroup : Start::Place::kCallersGroup,
              .streams = plan.streams};
  set_variable(start.environment, "NSLAUNCH_ISOLATION", isolation);
  return start;
}

}  // namespace nslaunch::shard
