#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "support/process.hpp"

namespace nslaunch::test {

/// The number of forks between the program that is started and a process: 0 is a launcher, 1 its inits and
/// whatever else it forks, 2 what those fork, until it has become another program.
using Generation = int;

/// The n-th call of a kind, or it and all later ones, fails in the first process of its generation.
struct CallFault {
  Generation generation = 0;
  std::string call;  ///< its name in <asm/unistd_64.h>
  int nth = 1;       ///< counted from 1, from main() on
  int error = 0;     ///< an errno
  bool lasting = false;
};

struct Traced {
  int status = -1;             ///< exit status of the program; -1 where a signal ended it
  int signal = 0;              ///< that signal
  bool struck = false;         ///< the call that was to fail has been made
  bool struck_stderr = false;  ///< and one of those was a write to standard error
  std::string endless;         ///< why its processes were killed: they made too many calls, or took too long
  std::map<std::pair<Generation, std::string>, int> calls;  ///< of the first process of each generation
  std::string out;
  std::string err;
};

/// Skips the test where nslaunch's system calls can't be counted or made to fail.
void need_traceable_calls();

/// Runs a program until it and all that it forks has ended, other programs aside: those are let go at their
/// exec. Its standard input is /dev/null. `options.input` is ignored. To be called in one thread of the test.
class CallTracer {
 public:
  CallTracer(const Words& words, const StartOptions& options);
  CallTracer(const CallTracer&) = delete;
  CallTracer& operator=(const CallTracer&) = delete;
  ~CallTracer();

  const sys::Pidfd& pidfd() const noexcept { return pidfd_; }
  /// What it has written to standard output so far; may be asked by another thread.
  std::string output() const;
  Traced run(const std::optional<CallFault>& fault);

 private:
  struct Tracee {
    std::optional<Generation> generation;  ///< unknown until its parent's fork has been reported
    bool counts = false;                   ///< the first of its generation, past its dynamic linker
    std::optional<long> failure;           ///< what the call that it is in is to return
    long program_break = 0;                ///< what brk(2) has last returned
    bool in_brk = false;
    std::map<std::string, int> calls;
  };

  void handle_stop(pid_t pid, int status);
  void handle_event(pid_t pid, int event, int signal);
  void adopt(pid_t child, Generation generation);
  void handle_call(pid_t pid);
  void enter_call(pid_t pid, Tracee& tracee, long number, unsigned long first_argument);
  void strike(pid_t pid, Tracee& tracee, const std::string& call, unsigned long first_argument);
  void end_all(const std::string& why);

  pid_t first_ = -1;
  sys::Pidfd pidfd_;
  sys::Fd out_;
  sys::Fd err_;
  std::optional<CallFault> fault_;
  std::map<pid_t, Tracee> tracees_;
  std::map<Generation, pid_t> first_of_;
  std::size_t total_ = 0;
  Traced traced_;
};

}  // namespace nslaunch::test
