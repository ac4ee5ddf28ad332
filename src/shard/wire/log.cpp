#include "shard/wire/log.hpp"

#include <chrono>

#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::shard {
namespace {

using Clock = std::chrono::system_clock;
using std::chrono::microseconds;

const char* name_of(Kind kind) {
  constexpr const char* kNames[] = {
      "the id maps are written",
      "go",
      "unknown",
      "forward a signal",
      "forward a signal that the group has not had",
      "the terminal's signal",
      "is the command stopped?",
      "kill the command",
      "hold the shard no longer",
      "start a process",
      "make a socket",
      "tied to the launcher",
      "done",
      "missing",
      "note",
      "failed",
      "started",
      "stopped",
      "answer",
      "the command has ended",
      "the command has ended, the shard may be held",
      "leak",
      "captured",
      "a directory is lost",
      "finished",
      "listener",
      "who listens?",
      "client",
      "log",
  };
  return kNames[static_cast<std::size_t>(kind)];
}

std::string detail_of(const Message& message) {
  switch (message.kind) {
    case Kind::kForward:
    case Kind::kForwardAlone:
    case Kind::kFromTerminal:
    case Kind::kStopped:
      return sys::signal_name(message.code);
    case Kind::kDone:
      if (message.code == 0) return row(message.step).name;
      return fmt::format("{}, {} us", row(message.step).name, message.code);
    case Kind::kMissing:
    case Kind::kFailed:
      return fmt::format("{}, error {}", row(message.step).name, message.code);
    case Kind::kAnswer:
      return message.code != 0 ? "yes" : "no";
    case Kind::kCommandEnded:
    case Kind::kHeld:
      return fmt::format("wait status {:#x}", message.code);
    case Kind::kFinished:
      return fmt::format("wait status {:#x}, {} leaks", message.code, message.detail);
    case Kind::kNote:
    case Kind::kStarted:
      return sys::escape(message.payload);
    default:
      return {};
  }
}

}  // namespace

std::string describe(const Message& message) {
  const auto detail = detail_of(message);
  return detail.empty() ? name_of(message.kind) : fmt::format("{}: {}", name_of(message.kind), detail);
}

std::string describe(const siginfo_t& child) {
  constexpr const char* kChanges[] = {
      "?",       "exit status", "died of signal", "died of signal, with a dump,",
      "trapped", "stopped by",  "goes on after"};
  const bool is_known = child.si_code >= CLD_EXITED && child.si_code <= CLD_CONTINUED;
  return fmt::format("process {}: {} {}", child.si_pid, kChanges[is_known ? child.si_code : 0],
                     child.si_status);
}

void Log::write(const std::string& text) const {
  write_({.at = Clock::now(), .shard = shard_, .who = "launcher", .text = text});
}

void Log::sent(const Message& message) const {
  if (write_) write("to init: " + describe(message));
}

void Log::received(const Message& message) const {
  if (!write_) return;
  if (message.kind != Kind::kLog) return write("from init: " + describe(message));
  const auto space = message.payload.find(' ');
  const auto at = sys::whole_number<std::int64_t>(std::string_view(message.payload).substr(0, space));
  constexpr std::int64_t kMost = 4'000'000'000'000'000;  // the year 2096
  if (!at || *at < 0 || *at > kMost || space == std::string::npos) return;
  const auto text = sys::escape(message.payload.substr(space + 1));
  write_({.at = Clock::time_point(microseconds(*at)), .shard = shard_, .who = "init", .text = text});
}

std::string pack_log_entry(std::string_view text) {
  const auto now = std::chrono::duration_cast<microseconds>(Clock::now().time_since_epoch());
  return fmt::format("{} {}", now.count(), text);
}

}  // namespace nslaunch::shard
