#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/base/clock.hpp"
#include "sys/process/forked.hpp"

namespace nslaunch::inspect {

/// The shard that a report is given of.
struct Subject {
  std::string id;
  std::string name;
  std::vector<std::string> command;
  pid_t init = 0;  ///< here
  /// Another user whom the text is for: without kernel stacks, which only root reads, and of a process that
  /// is not that user's with no command line, wait channel or socket.
  std::optional<uid_t> reader{};
};

/// What a shard is doing, as a text for people: when and why that was asked, every process with state, wait
/// channel, kernel stack (where that can be read), age, CPU, memory and command line, threads that do
/// different things, and the sockets with their owners. What can't be had is said in a line of its own.
/// Changes nothing in the shard, takes 5 s at most (it then says so), and names a bounded number of
/// processes, threads and sockets. `why` may be empty. The caller must have one thread only. Throws Error
/// where nothing can be had.
std::string hang_report_of(const Subject& subject, const std::string& why);

/// The same for those who have more to wait for: collected by a child of the caller's.
class HangReport {
 public:
  /// Begins it.
  HangReport(const Subject& subject, const std::string& why);

  /// Readable when is_over() has something to do.
  int fd() const noexcept { return work_.fd(); }
  /// When it has had its time.
  const sys::Deadline& limit() const noexcept { return limit_; }
  /// Takes what has come: whether that is all.
  bool is_over();
  /// Waits for that.
  void wait();
  /// What there is of it.
  std::string text();

 private:
  bool take(std::string_view chunk);

  std::string heading_;
  std::string seen_;
  sys::ChildWork work_;
  sys::Deadline limit_;
};

/// The first lines of each part of a report, without its heading, threads and stacks, each line cut.
std::vector<std::string> shortened(const std::string& report);

}  // namespace nslaunch::inspect
