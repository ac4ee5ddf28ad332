#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "inspect/hang/hang_report.hpp"
#include "shard/launcher/running_shard.hpp"
#include "shard/plan/plan.hpp"
#include "shard/supervise/announcer.hpp"

namespace nslaunch::shard {

/// Looks at a command that hangs, before it is told to end: its account goes whole into the --artifacts
/// directory and shortened to stderr, then its processes get the --dump-signal. Takes a bounded time, in
/// which its owner goes on; what fails is said and does no harm.
class HangReporter {
 public:
  /// Begins it. `why` is a clause such as "the command ran longer than 5m". All but that must outlive it.
  HangReporter(const Plan& plan, pid_t init, const std::string& why, const Hooks& hooks,
               Announcer& announcer);

  /// To be polled for reading; -1: there is nothing to wait for.
  int fd() const noexcept { return report_ ? report_->fd() : -1; }
  /// As poll(2) takes it: when it has had its time.
  int poll_timeout() const noexcept { return report_ ? report_->limit().poll_timeout() : 0; }
  /// Takes what has come: whether that is all.
  bool is_over();
  /// Tells what was found.
  void show() noexcept;
  /// True where a process has got the signal, and so needs time.
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
