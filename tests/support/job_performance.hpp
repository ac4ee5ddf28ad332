#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/job_table.hpp"
#include "support/pty.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {

/// One case on a terminal of its own; directly where `launch` is empty. `mark`: a number of seconds that no
/// other process sleeps.
class Performance {
 public:
  Performance(Shell shell, const std::string& launch, std::string mark);
  Performance(const Performance&) = delete;
  Performance& operator=(const Performance&) = delete;
  ~Performance();
  /// A step of JobCase. Throws where what it waits for never comes.
  void take(const std::string& step);
  std::string raw() const;
  /// What was shown and written to `out`, without what differs between any two runs: process ids, echoes,
  /// repaints, which job the shell calls its current one while another ends.
  std::string screen() const;

 private:
  void write(const std::string& name, const std::string& text) const;
  std::string out() const;
  void release();
  void await(const std::string& state);
  void press(char key, const std::string& state);
  void expect(const std::string& text);
  void type(const std::string& line);
  void expect_prompt();
  /// The leaders of the jobs that are there.
  std::vector<sys::ProcessStat> jobs() const;
  /// Whether there is such a process beside the shell.
  bool has_part(const std::function<bool(const sys::ProcessStat&)>& wanted) const;
  /// A shell's copy of itself that has become no program yet may still ignore the keys as the shell does.
  bool has_unlaunched_part() const;
  bool holds(const std::string& state);

  Shell shell_;
  bool direct_;
  std::string mark_;
  TempDir records_;
  TempDir directory_;
  std::optional<PtySession> terminal_;
  std::string seen_;
  sys::Fd fifo_;
  int typed_ = 0;
};

}  // namespace nslaunch::test
