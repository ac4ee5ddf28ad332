#include "support/call_tracer.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <ctime>
#include <fstream>
#include <utility>

#include "support/identity.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::test {
namespace {

/// Far above what a command makes that does not spin: a launch makes about 500.
constexpr std::size_t kMostCalls = 100'000;
constexpr std::chrono::seconds kLongest{30};

/// Where the kernel keeps a call's number and its result.
#ifdef __x86_64__
constexpr std::size_t kNumber = offsetof(user_regs_struct, orig_rax);
constexpr std::size_t kResult = offsetof(user_regs_struct, rax);
#else
constexpr std::size_t kNumber = 0, kResult = 0;
#endif

std::map<long, std::string> read_call_names() {
  std::map<long, std::string> names;
  for (const char* path : {"/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"}) {
    std::ifstream header(path);
    std::string define;
    std::string name;
    for (long number = 0; header >> define;) {
      if (define == "#define" && header >> name && name.rfind("__NR_", 0) == 0 && header >> number)
        names[number] = name.substr(5);
    }
  }
  return names;
}

std::string call_name(long number) {
  static const auto names = read_call_names();
  const auto found = names.find(number);
  return found != names.end() ? found->second : std::to_string(number);
}

sys::Fd make_memory_file() {
  return sys::Fd(sys::check(::memfd_create("output", MFD_CLOEXEC), "making a memory file"));
}

std::string content_of(int fd) {
  std::string content;
  char chunk[4096];
  for (ssize_t count = 0; (count = ::pread(fd, chunk, sizeof chunk, static_cast<off_t>(content.size()))) > 0;)
    content.append(chunk, static_cast<std::size_t>(count));
  return content;
}

void set_register(pid_t pid, std::size_t place, long value) {
  ::ptrace(PTRACE_POKEUSER, pid, place, value);
}

/// Interrupts this thread's waits for a child every second until the end of the scope.
class Interruption {
 public:
  Interruption() {
    struct sigaction nothing = {};
    nothing.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &nothing, &before_);
    sigevent event = {};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGALRM;
    event._sigev_un._tid = ::gettid();
    sys::check(::timer_create(CLOCK_MONOTONIC, &event, &timer_), "making a timer");
    const itimerspec every_second = {{1, 0}, {1, 0}};
    ::timer_settime(timer_, 0, &every_second, nullptr);
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption() {
    ::timer_delete(timer_);
    ::sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  timer_t timer_ = {};
  struct sigaction before_ = {};
};

/// The next report of a tracee, waited for until the deadline; 0 then. -1 when there is none any more.
pid_t next_report(int& status, const sys::Deadline& deadline) {
  for (;;) {
    const pid_t pid = ::waitpid(-1, &status, __WALL | __WNOTHREAD);
    if (pid > 0 || errno != EINTR) return pid;
    if (deadline.passed()) return 0;
  }
}

}  // namespace

void need_traceable_calls() {
  if (kResult == kNumber || call_name(0) != "read")
    SKIP_TEST("system calls can be counted and made to fail on x86-64 with its headers only");
  if (has_sanitized_program()) SKIP_TEST("the sanitizers need calls of their own");
}

CallTracer::CallTracer(const Words& words, const StartOptions& options)
    : out_(make_memory_file()), err_(make_memory_file()) {
  auto gate = sys::make_pipe();
  first_ = sys::check(::fork(), "forking {}", words.front());
  if (first_ == 0) {
    gate.write.reset();
    char nothing = 0;
    if (::read(gate.read.get(), &nothing, 1) != 0) ::_exit(97);
    ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    ::dup2(out_.get(), STDOUT_FILENO);
    ::dup2(err_.get(), STDERR_FILENO);
    ::setsid();
    become(words, options);
  }
  pidfd_ = std::move(*sys::Pidfd::open(first_));
  constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                            PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  sys::check(::ptrace(PTRACE_SEIZE, first_, 0, kOptions), "tracing {}", words.front());
  adopt(first_, 0);
}

CallTracer::~CallTracer() {
  if (!tracees_.empty()) end_all("the test has ended");
}

std::string CallTracer::output() const {
  return content_of(out_.get());
}

Traced CallTracer::run(const std::optional<CallFault>& fault) {
  fault_ = fault;
  const Interruption interruption;
  const sys::Deadline deadline(kLongest);
  while (!tracees_.empty()) {
    int status = 0;
    const pid_t pid = next_report(status, deadline);
    if (pid < 0) break;
    if (pid == 0) {
      end_all("it still ran after 30 s");
    } else if (WIFSTOPPED(status)) {
      handle_stop(pid, status);
    } else {
      if (pid == first_ && WIFEXITED(status)) traced_.status = WEXITSTATUS(status);
      if (pid == first_ && WIFSIGNALED(status)) traced_.signal = WTERMSIG(status);
      tracees_.erase(pid);
    }
    if (total_ > kMostCalls) end_all("it made " + std::to_string(kMostCalls) + " system calls");
  }
  traced_.out = output();
  traced_.err = content_of(err_.get());
  return traced_;
}

void CallTracer::handle_stop(pid_t pid, int status) {
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  if (signal == (SIGTRAP | 0x80)) {
    handle_call(pid);
  } else if (event != 0) {
    handle_event(pid, event, signal);
  } else {
    ::ptrace(PTRACE_SYSCALL, pid, 0, static_cast<long>(signal));
  }
}

void CallTracer::handle_event(pid_t pid, int event, int signal) {
  if (event == PTRACE_EVENT_STOP) {
    const auto known = tracees_.try_emplace(pid).first;
    if (!known->second.generation) return;  // adopt() lets it go on
    ::ptrace(signal == SIGTRAP ? PTRACE_SYSCALL : PTRACE_LISTEN, pid, 0, 0);
  } else if (event == PTRACE_EVENT_EXEC && pid != first_) {
    ::ptrace(PTRACE_DETACH, pid, 0, 0);
    tracees_.erase(pid);
  } else {
    unsigned long child = 0;
    ::ptrace(PTRACE_GETEVENTMSG, pid, 0, &child);
    if (event != PTRACE_EVENT_EXEC) {
      adopt(static_cast<pid_t>(child), *tracees_[pid].generation + 1);
      tracees_[static_cast<pid_t>(child)].program_break = tracees_[pid].program_break;
    }
    ::ptrace(PTRACE_SYSCALL, pid, 0, 0);
  }
}

void CallTracer::adopt(pid_t child, Generation generation) {
  const auto [known, is_new] = tracees_.try_emplace(child);
  known->second.generation = generation;
  const bool is_first = first_of_.try_emplace(generation, child).second;
  known->second.counts = is_first && generation > 0;
  if (!is_new) ::ptrace(PTRACE_SYSCALL, child, 0, 0);
}

void CallTracer::handle_call(pid_t pid) {
  auto& tracee = tracees_[pid];
  __ptrace_syscall_info info = {};
  ::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    enter_call(pid, tracee, static_cast<long>(info.entry.nr), info.entry.args[0]);
  } else if (tracee.failure) {
    set_register(pid, kResult, *std::exchange(tracee.failure, std::nullopt));
  } else if (tracee.in_brk) {
    tracee.program_break = info.exit.rval;
  }
  ::ptrace(PTRACE_SYSCALL, pid, 0, 0);
}

void CallTracer::enter_call(pid_t pid, Tracee& tracee, long number, unsigned long first_argument) {
  ++total_;
  const auto call = call_name(number);
  tracee.in_brk = call == "brk";
  // malloc's first call: what comes before it is the dynamic linker's.
  if (pid == first_ && call == "getrandom") tracee.counts = true;
  if (!tracee.counts) return;
  const int count = ++tracee.calls[call];
  traced_.calls[{*tracee.generation, call}] = count;
  if (!fault_ || fault_->generation != *tracee.generation || fault_->call != call) return;
  if (count == fault_->nth || (fault_->lasting && count > fault_->nth))
    strike(pid, tracee, call, first_argument);
}

void CallTracer::strike(pid_t pid, Tracee& tracee, const std::string& call, unsigned long first_argument) {
  traced_.struck = true;
  if (call.rfind("write", 0) == 0 && first_argument == STDERR_FILENO) traced_.struck_stderr = true;
  // brk(2) tells by its result that nothing was done.
  tracee.failure = call == "brk" ? tracee.program_break : -fault_->error;
  // The kernel closes a descriptor whatever close(2) answers.
  if (call != "close") set_register(pid, kNumber, -1);
}

void CallTracer::end_all(const std::string& why) {
  traced_.endless = why;
  const Interruption interruption;
  for (const auto& [pid, tracee] : tracees_) ::kill(pid, SIGKILL);
  const sys::Deadline deadline(kPatience);
  for (int status = 0; !tracees_.empty();) {
    const pid_t pid = next_report(status, deadline);
    if (pid <= 0) break;
    if (!WIFSTOPPED(status)) tracees_.erase(pid);
    if (WIFSTOPPED(status)) ::ptrace(PTRACE_CONT, pid, 0, 0);
  }
  tracees_.clear();
}

}  // namespace nslaunch::test
