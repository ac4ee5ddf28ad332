#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "inspect/hang/hang_report.hpp"
#include "shard/launcher/running_shard.hpp"
#include "shard/plan/plan.hpp"
#include "shard/supervise/announcer.hpp"

namespace nslaunch::shard {

/// Inspects a command that hangs, before it is asked to end: the whole report goes into the --artifacts
/// directory and a shortened one to stderr, then its processes get the --dump-signal. Takes a bounded time,
/// in which its owner continues; failures are reported and do no harm.
class HangReporter {
 public:
  /// Starts the inspection. `why` is a clause such as "the command ran longer than 5m". All other arguments
  /// must outlive it.
  HangReporter(const Plan& plan, pid_t init, const std::string& why, const Hooks& hooks,
               Announcer& announcer);

  /// To be polled for reading; -1: there is nothing to wait for.
  int fd() const noexcept { return report_ ? report_->fd() : -1; }
  /// A timeout for poll(2): the rest of its time.
  int poll_timeout() const noexcept { return report_ ? report_->limit().poll_timeout() : 0; }
  /// Reads what has arrived, and returns whether that is all.
  bool is_over();
  /// Reports what was found.
  void show() noexcept;
  /// True if a process has got the signal, and so needs time.
  bool ask_for_dumps() noexcept;

 private:
  void show_report();

  const Plan& plan_;
  pid_t init_;
  const Hooks& hooks_;
  Announcer& announcer_;
  std::optional<inspect::HangReport> report_;
};

}  // namespace nslaunch::shard
