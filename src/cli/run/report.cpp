#include "cli/run/report.hpp"

#include <nslaunch/run.hpp>

#include "run/part/status.hpp"
#include "run/single/leaks.hpp"
#include "shard/diagnose/explain.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::cli {
namespace {

void report_leaks(const Outcome& outcome) {
  const bool one = outcome.leak_count == 1;
  std::string text =
      fmt::format("{} {} still running when the command had exited, and {} killed:", outcome.leak_count,
                  one ? "process was" : "processes were", one ? "was" : "were");
  for (const auto& line : run::leak_lines(outcome)) text += "\n  " + line;
  text +=
      "\n  To end it in time: in a shell, trap 'kill PID' EXIT; in Node, child.kill() in after(), or "
      "process.kill(-child.pid) if it is detached. If it only needs longer to end: --leak-grace 5s";
  sys::warn(text);
}

/// Only if that changes the status.
void report_unknown_leaks(const Outcome& outcome, const ShardSpec& spec) {
  const bool leaked = spec.leaks == LeakPolicy::kFail && run::status_of(outcome, spec) == Status::kLeak;
  if (!leaked || !outcome.leaks_unknown) return;
  sys::warn(
      "the command has passed, but what it left running is unknown: the shard's init was gone before it had "
      "told.\nWith --leaks=fail that is a leak, and the exit status 123");
}

void report_capture(const CaptureOutcome& capture, const CaptureSpec& spec) {
  const auto file = sys::escape(spec.file);
  if (capture.full) {
    sys::warn(fmt::format("{} is full ({}): later packets are not in it; more room: --pcap-size", file,
                          sys::format_size(spec.limit)));
  }
  if (capture.error) {
    sys::warn(fmt::format("the packet capture stopped early ({}): later packets are not in {}",
                          capture.error.message(), file));
  }
  if (capture.lost > 0) {
    sys::warn(fmt::format("{} packets came faster than they could be captured: they are not in {}",
                          capture.lost, file));
  }
}

std::string ending(const Outcome& outcome) {
  if (outcome.term_signal != 0) return fmt::format("died of {}", sys::signal_name(outcome.term_signal));
  return fmt::format("exited with {}", outcome.exit_status);
}

std::string left_behind(const Outcome& outcome) {
  if (outcome.leaks_unknown) return "unknown what was left behind";
  return fmt::format("{} left behind", outcome.leak_count);
}

std::string held(const Outcome& outcome) {
  if (outcome.held.count() == 0) return {};
  return fmt::format(" held for {},", sys::format_duration(outcome.held));
}

}  // namespace

void report(const Outcome& outcome, const ShardSpec& spec, bool verbose) {
  if (outcome.leak_count > 0 && spec.leaks != LeakPolicy::kIgnore) report_leaks(outcome);
  report_unknown_leaks(outcome, spec);
  if (!outcome.all_gone) {
    sys::warn(shard::explain_blocked_end(outcome.teardown_blocker));
  }
  if (outcome.pids_limit_reached)
    sys::warn(
        fmt::format("the shard has reached its --pids {}: processes could not be started", spec.pids_limit));
  if (outcome.memory_limit_reached) {
    sys::warn(fmt::format("the shard has reached its --memory {}, and the kernel ended all of it",
                          sys::format_size(spec.memory_limit)));
  } else if (outcome.out_of_memory) {
    sys::warn(
        "the kernel's OOM killer ended the command: the machine, or its cgroup, was out of memory (see "
        "dmesg)");
  }
  const bool dropped = spec.capture.only_on_failure && exit_status(outcome, spec) == 0;
  if (outcome.capture && !dropped) report_capture(*outcome.capture, spec.capture);
  if (!verbose) return;
  sys::say(fmt::format("the command {} after {}; set up in {},{} torn down in {}; {}; {}", ending(outcome),
                       sys::format_duration(outcome.duration), sys::format_duration(outcome.setup),
                       held(outcome), sys::format_duration(outcome.teardown), left_behind(outcome),
                       outcome.all_gone ? "all processes gone" : "NOT all processes gone"));
}

}  // namespace nslaunch::cli
