#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "bench/unique_fd.hpp"

namespace nslaunch::bench {

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

/// What to run, and as whom.
struct Program {
  std::vector<std::string> argv;  ///< argv[0] is a path, not searched for
  std::optional<Account> run_as;  ///< without one: as the benchmark itself
};

/// Where a program's output goes; -1 is /dev/null.
struct Streams {
  int out = -1;
  int err = -1;
};

struct Ending {
  int status = 0;     ///< as a shell shows it: 128 + n for signal n
  double cpu_ms = 0;  ///< user and system time, with that of all descendants waited for
};

/// A child that does not outlive its owner.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  Ending wait();
  void kill();

 private:
  pid_t pid_;
};

/// Starts without copying this process, so that its size costs nothing.
Child spawn(const Program& program, const Streams& streams = {});

struct Output {
  int status = 0;
  std::string out;
  std::string err;
};

/// Runs to the end and keeps what was printed: for looking, not for timing.
Output capture(const Program& program);

/// The path of an executable that a shell would find.
std::optional<std::string> find_program(const std::string& name);

}  // namespace nslaunch::bench
