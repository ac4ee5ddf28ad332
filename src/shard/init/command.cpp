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
    // for. None can reach us any more, and this takes it back.
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

/// Another user not by a link of /proc, which could lead where only init may be. Returns 0 or an errno.
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

/// execvp says EACCES for a directory of PATH that may not be searched, too: a shell goes on, and so finds
/// nothing.
int as_shell_says(int error, const std::vector<std::string>& places) noexcept {
  const bool is_hidden = error == EACCES && !places.empty() && std::ranges::none_of(places, has_file);
  return is_hidden ? ENOENT : error;
}

/// Less than whoever asks for it waits.
constexpr std::chrono::milliseconds kVisitorsLimit{2500};

/// The last stop signal that has reached the new process before it was the command, which no SIGCONT took
/// back.
volatile std::sig_atomic_t kept_stop = 0;

void keep_stop(int signal) {
  kept_stop = signal == SIGCONT ? 0 : signal;
}

/// Stopped before its exec it would keep init waiting, and the launcher with it. An exec sets the handlers
/// back; they are of this process alone, and what they write is init's, too (vfork).
void keep_stops() {
  for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT}) {
    if (!sys::is_ignored(signal)) sys::set_handler(signal, keep_stop);
  }
}

/// What the new process needs until it is another program.
struct Prepared {
  Prepared(const Plan& plan, const Start& start)
      : argv(pointers(start.command)), envp(pointers(start.environment)), places(places_in_path(start)) {
    if (plan.spec.user) closed = sys::closed_by_exec();
  }

  std::vector<char*> argv;
  std::vector<char*> envp;
  std::vector<std::string> places;
  /// Of init's descriptors: the user may keep the process from its exec, and no port or lock of root's stays
  /// with it.
  std::vector<int> closed;
};

/// What the new process does until it is another program. It shares init's memory (vfork), so it only reads
/// what is prepared and writes `failure`.
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
  // As whoever the command would be: init, were it root's, would see what that user can't.
  failure = {Step::kExec, as_shell_says(errno, prepared.places), has_file(start.command.front())};
}

}  // namespace

pid_t start_process(const Plan& plan, const Start& start, StartFailure& failure) {
  Prepared prepared(plan, start);
  char** const own_environment = environ;

  // vfork: a third of fork's price here (K27), and it returns only when the exec has succeeded or not.
  // A launcher's death is not delayed by it: the wait inside ends with the SIGKILL (K1).
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

pid_t start_visitor(const Plan& plan, const Start& start, StartFailure& failure) {
  Prepared prepared(plan, start);
  auto told = sys::make_pipe();  // an exec closes it
  const pid_t pid = sys::check(::fork(), "starting a process");
  if (pid == 0) {
    become(plan, start, prepared, failure);
    const auto written = ::write(told.write.get(), &failure, sizeof failure);
    ::_exit(written == sizeof failure ? 1 : 2);
  }
  told.write.reset();
  const sys::Deadline deadline(kVisitorsLimit);
  pollfd watched = {told.read.get(), POLLIN, 0};
  const bool has_news =
      sys::retry_on_eintr([&] { return ::poll(&watched, 1, deadline.poll_timeout()); }) == 1;
  if (has_news && ::read(told.read.get(), &failure, sizeof failure) != sizeof failure) return pid;
  if (!has_news) failure = {Step::kFork, ETIMEDOUT};
  // And reaped with all others: its user may stop it also when it has said why it can't be the command.
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
