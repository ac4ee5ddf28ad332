#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/base/clock.hpp"
#include "sys/process/forked.hpp"

namespace nslaunch::inspect {

/// The shard that a report describes.
struct Subject {
  std::string id;
  std::string name;
  std::vector<std::string> command;
  pid_t init = 0;  ///< its pid here
  /// Another user for whom the text is meant: without kernel stacks, which only root can read, and without
  /// command line and wait channel of processes that are not that user's, whose sockets have no owner in it.
  std::optional<uid_t> reader{};
};

/// Describes, as text for people, what a shard is doing: time and reason of the report, every process with
/// state, wait channel, kernel stack (if readable), age, CPU, memory and command line, threads that do
/// different things, and the sockets with their owners. What can't be obtained is reported in a line of its
/// own. Changes nothing in the shard, takes 5 s at most (the report then says so), and lists a bounded number
/// of processes, threads and sockets. `why` may be empty. The caller must have only one thread. Throws Error
/// if nothing can be obtained.
std::string hang_report_of(const Subject& subject, const std::string& why);

/// The same for callers that also wait for other things: a child of the caller collects it.
class HangReport {
 public:
  /// Starts it.
  HangReport(const Subject& subject, const std::string& why);

  /// Readable when is_over() has something to read.
  int fd() const noexcept { return work_.fd(); }
  /// When its time is up.
  const sys::Deadline& limit() const noexcept { return limit_; }
  /// Reads the output so far; returns whether the report is over.
  bool is_over();
  /// Waits until then.
  void wait();
  /// The report, as far as it was collected.
  std::string text();

 private:
  bool take(std::string_view chunk);

  std::string heading_;
  std::string seen_;
  sys::ChildWork work_;
  sys::Deadline limit_;
};

/// The first lines of each part of a report, without its heading, threads and stacks; each line is truncated.
std::vector<std::string> shortened(const std::string& report);

}  // namespace nslaunch::inspect
