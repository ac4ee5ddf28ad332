#include <nslaunch/run.hpp>

#include "run/single/leaks.hpp"
#include "shard/diagnose/explain.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch {
namespace {

std::string about_leaks(const Outcome& outcome) {
  const bool one = outcome.leak_count == 1;
  std::string text =
      fmt::format("{} {} still running when the command had exited, and {} killed:", outcome.leak_count,
                  one ? "process was" : "processes were", one ? "was" : "were");
  for (const auto& line : run::leak_lines(outcome)) text += "\n  " + line;
  return text +
         "\n  To end it in time: in a shell, trap 'kill PID' EXIT; in Node, child.kill() in after(), or "
         "process.kill(-child.pid) if it is detached. If it only needs longer to end: --leak-grace 5s";
}

/// Whether only that nothing is known of leaks makes it one that has leaked.
bool fails_for_unknown_leaks(const Outcome& outcome, const ShardSpec& spec) {
  const bool passed = !is_hang(outcome.cause) && outcome.term_signal == 0 && outcome.exit_status == 0;
  return passed && outcome.leaks_unknown && spec.leaks == LeakPolicy::kFail;
}

void add_capture(std::vector<std::string>& warnings, const CaptureOutcome& capture, const CaptureSpec& spec) {
  const auto file = sys::escape(spec.file);
  if (capture.full) {
    warnings.push_back(fmt::format("{} is full ({}): later packets are not in it; more room: --pcap-size",
                                   file, sys::format_size(spec.limit)));
  }
  if (capture.error) {
    warnings.push_back(fmt::format("the packet capture stopped early ({}): later packets are not in {}",
                                   capture.error.message(), file));
  }
  if (capture.lost > 0) {
    warnings.push_back(fmt::format("{} packets came faster than they could be captured: they are not in {}",
                                   capture.lost, file));
  }
}

void add_limits(std::vector<std::string>& warnings, const Outcome& outcome, const ShardSpec& spec) {
  if (outcome.pids_limit_reached) {
    warnings.push_back(
        fmt::format("the shard has reached its --pids {}: processes could not be started", spec.pids_limit));
  }
  if (outcome.memory_limit_reached) {
    warnings.push_back(fmt::format("the shard has reached its --memory {}, and the kernel ended all of it",
                                   sys::format_size(spec.memory_limit)));
  } else if (outcome.out_of_memory) {
    warnings.emplace_back(
        "the kernel's OOM killer ended the command: the machine, or its cgroup, was out of memory (see "
        "dmesg)");
  }
}

}  // namespace

std::vector<std::string> warnings_about(const Outcome& outcome, const ShardSpec& spec) {
  std::vector<std::string> warnings;
  if (outcome.leak_count > 0 && spec.leaks != LeakPolicy::kIgnore) warnings.push_back(about_leaks(outcome));
  if (fails_for_unknown_leaks(outcome, spec)) {
    warnings.emplace_back(
        "the command has passed, but what it left running is unknown: the shard's init was gone before it "
        "had told.\nWith --leaks=fail that is a leak, and the exit status 123");
  }
  if (!outcome.all_gone) warnings.push_back(shard::explain_blocked_end(outcome.teardown_blocker));
  add_limits(warnings, outcome, spec);
  const bool dropped = spec.capture.only_on_failure && exit_status(outcome, spec) == 0;
  if (outcome.capture && !dropped) add_capture(warnings, *outcome.capture, spec.capture);
  return warnings;
}

}  // namespace nslaunch
