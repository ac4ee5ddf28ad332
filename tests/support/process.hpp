#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sys/base/fd.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::test {

using Words = std::vector<std::string>;

/// The bound of every wait in a test: far above what anything takes, so that only a hang meets it.
constexpr std::chrono::seconds kPatience{60};

struct StartOptions {
  /// NAME=VALUE, set on top of the test's own environment; "NAME" alone removes it.
  Words environment;
  std::string directory;
  /// What the child reads from standard input, which is then closed.
  std::string input;
  /// Runs in the child just before the exec.
  std::function<void()> prepare;
  /// A session of its own, so without a controlling terminal whatever the test has.
  bool new_session = true;
};

struct Result {
  int status = -1;  ///< exit status; -1 where a signal ended it
  int signal = 0;   ///< 0 where it exited
  std::string out;
  std::string err;
};

/// What a forked child does to be the program that `options` describe.
[[noreturn]] void become(const Words& words, const StartOptions& options);

/// A started child with pipes on its standard streams; killed and reaped at the end of the scope.
class Process {
 public:
  explicit Process(const Words& words, const StartOptions& options = {});
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const noexcept { return pid_; }
  const sys::Pidfd& pidfd() const noexcept { return pidfd_; }
  void send_signal(int signal) const;
  void write_input(const std::string& text);
  void close_input() { input_.reset(); }
  /// The next line of standard output (without its newline). Throws after kPatience or at end of file.
  std::string read_line();
  /// The rest of both streams and the end. Throws, with what was printed, after `patience`.
  Result wait(std::chrono::milliseconds patience = kPatience);

 private:
  pid_t pid_ = -1;
  sys::Pidfd pidfd_;
  sys::Fd input_;
  sys::Fd out_;
  sys::Fd err_;
  std::string buffered_;
};

/// Starts it and waits for its end.
Result run(const Words& words, const StartOptions& options = {});

/// nslaunch with these words, as Process or run() take them.
Words nslaunch(Words words);
/// nslaunch running a shell script in a shard: `options` -- sh -c script.
Words in_shard(const std::string& script, Words options = {});

/// Pids whose command line holds `text`, as the test's own /proc shows them. To look for survivors:
/// give the command an argument of its own (unique_text()).
std::vector<pid_t> find_processes(const std::string& text);
/// Whether one of these is stopped.
bool is_stopped(const std::string& text);
/// A text that no other process has: for marking the processes of one test.
std::string unique_text();
/// Waits until no process holds `text`. False after kPatience.
bool all_gone(const std::string& text);

/// Waits for `condition` in short intervals, for what no descriptor reports. False after kPatience.
bool eventually(const std::function<bool()>& condition);

/// Those that its main thread has started and not reaped.
std::vector<pid_t> children_of(pid_t pid);

}  // namespace nslaunch::test
