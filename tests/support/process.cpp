#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "support/identity.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

/// False at end of file.
bool take(int fd, std::string& into) {
  char chunk[65536];
  const ssize_t count = sys::retry_on_eintr([&] { return ::read(fd, chunk, sizeof chunk); });
  if (count <= 0) return false;
  into.append(chunk, static_cast<std::size_t>(count));
  return true;
}

}  // namespace

namespace {

/// Signals blocked around a fork: until the child has given up the handlers of the test runner, none
/// must run in it.
class ForkWithoutHandlers {
 public:
  ForkWithoutHandlers() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before_);
  }
  ForkWithoutHandlers(const ForkWithoutHandlers&) = delete;
  ForkWithoutHandlers& operator=(const ForkWithoutHandlers&) = delete;
  ~ForkWithoutHandlers() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

  static void forget_handlers() {
    for (int signal = 1; signal < NSIG; ++signal) {
      struct sigaction action = {};
      if (::sigaction(signal, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) continue;
      ::signal(signal, SIG_DFL);
    }
  }

 private:
  sigset_t before_;
};

}  // namespace

void become(const Words& words, const StartOptions& options) {
  // The machine that runs the tests may have left anything inheritable behind.
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (!options.directory.empty() && ::chdir(options.directory.c_str()) != 0) ::_exit(98);
  for (const auto& entry : options.environment) {
    const auto equals = entry.find('=');
    if (equals == std::string::npos) {
      ::unsetenv(entry.c_str());
    } else {
      ::setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
    }
  }
  if (options.prepare) options.prepare();
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  ::_exit(99);
}

Process::Process(const Words& words, const StartOptions& options) {
  auto in = sys::make_pipe();
  auto out = sys::make_pipe();
  auto err = sys::make_pipe();
  std::optional<ForkWithoutHandlers> blocked(std::in_place);
  pid_ = sys::check(::fork(), "forking {}", words.front());
  if (pid_ == 0) {
    blocked->forget_handlers();
    blocked.reset();
    ::dup2(in.read.get(), STDIN_FILENO);
    ::dup2(out.write.get(), STDOUT_FILENO);
    ::dup2(err.write.get(), STDERR_FILENO);
    if (options.new_session) ::setsid();
    become(words, options);
  }
  blocked.reset();
  pidfd_ = std::move(*sys::Pidfd::open(pid_));
  input_ = std::move(in.write);
  out_ = std::move(out.read);
  err_ = std::move(err.read);
  if (!options.input.empty()) {
    write_input(options.input);
    close_input();
  }
}

Process::~Process() {
  if (pid_ < 0) return;
  pidfd_.send_signal(SIGKILL);
  sys::retry_on_eintr([&] { return ::waitpid(pid_, nullptr, 0); });
}

void Process::send_signal(int signal) const {
  if (const int error = pidfd_.send_signal(signal); error != 0) {
    throw std::runtime_error(
        fmt::format("sending signal {} to {}: {}", signal, pid_, sys::errno_code(error).message()));
  }
}

void Process::write_input(const std::string& text) {
  if (const int error = sys::write_all(input_.get(), text); error != 0)
    throw std::runtime_error("writing a child's input");
}

std::string Process::read_line() {
  const sys::Deadline deadline(kPatience);
  std::size_t newline = 0;
  while ((newline = buffered_.find('\n')) == std::string::npos) {
    pollfd watched = {out_.get(), POLLIN, 0};
    const int ready = sys::retry_on_eintr([&] { return ::poll(&watched, 1, deadline.poll_timeout()); });
    if (ready <= 0) throw std::runtime_error("no line within the test's patience; so far: " + buffered_);
    if (!take(out_.get(), buffered_)) {
      std::string errors;
      while (take(err_.get(), errors)) {
      }
      throw std::runtime_error("end of output instead of a line; so far: " + buffered_ +
                               "\nstderr: " + errors);
    }
  }
  const auto line = buffered_.substr(0, newline);
  buffered_.erase(0, newline + 1);
  return line;
}

Result Process::wait(std::chrono::milliseconds patience) {
  const sys::Deadline deadline(patience);
  Result result;
  result.out = std::move(buffered_);
  input_.reset();
  bool ended = false;
  while (out_ || err_ || !ended) {
    pollfd watched[] = {
        {out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}, {ended ? -1 : pidfd_.get(), POLLIN, 0}};
    const int ready = sys::retry_on_eintr([&] { return ::poll(watched, 3, deadline.poll_timeout()); });
    if (ready <= 0) {
      throw std::runtime_error(fmt::format("still {} after {} ms; stdout: {}\nstderr: {}",
                                           ended ? "an open stream" : "running", patience.count(), result.out,
                                           result.err));
    }
    if (watched[0].revents != 0 && !take(out_.get(), result.out)) out_.reset();
    if (watched[1].revents != 0 && !take(err_.get(), result.err)) err_.reset();
    ended = ended || watched[2].revents != 0;
  }
  int status = 0;
  sys::check(sys::retry_on_eintr([&] { return ::waitpid(pid_, &status, 0); }), "waiting for a child");
  pid_ = -1;
  if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  return result;
}

Result run(const Words& words, const StartOptions& options) {
  return Process(words, options).wait();
}

Words nslaunch(Words words) {
  words.insert(words.begin(), nslaunch_binary());
  return words;
}

Words in_shard(const std::string& script, Words options) {
  options.insert(options.end(), {"--", "sh", "-c", script});
  return nslaunch(std::move(options));
}

std::vector<pid_t> find_processes(const std::string& text) {
  std::vector<pid_t> found;
  for (const pid_t pid : sys::all_pids()) {
    if (pid != ::getpid() && sys::command_line(pid, 1 << 16).find(text) != std::string::npos)
      found.push_back(pid);
  }
  return found;
}

bool is_stopped(const std::string& text) {
  return std::ranges::any_of(find_processes(text), [](pid_t pid) {
    const auto stat = sys::read_stat(pid);
    return stat && stat->state == 'T';
  });
}

std::string unique_text() {
  static std::atomic<int> count{0};
  return fmt::format("mark-{}-{}", ::getpid(), ++count);
}

bool all_gone(const std::string& text) {
  return eventually([&] { return find_processes(text).empty(); });
}

std::vector<pid_t> children_of(pid_t pid) {
  std::istringstream words(
      sys::read_file(fmt::format("/proc/{0}/task/{0}/children", pid).c_str()).value_or(""));
  return {std::istream_iterator<pid_t>(words), {}};
}

bool eventually(const std::function<bool()>& condition) {
  const sys::Deadline deadline(kPatience);
  while (!condition()) {
    if (deadline.passed()) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

}  // namespace nslaunch::test
