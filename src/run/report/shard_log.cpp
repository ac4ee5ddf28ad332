#include "run/report/shard_log.hpp"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <nslaunch/error.hpp>
#include <nslaunch/version.hpp>

#include <chrono>
#include <utility>

#include "run/part/status.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/files/open_output.hpp"

namespace nslaunch::run {
namespace {

using Clock = std::chrono::system_clock;

sys::Fd open_to_append(const std::string& path) {
  auto file = sys::open_output(path, O_APPEND);
  if (file) return file;
  throw sys::output_error(errno, path, fmt::format("opening {} for the log", sys::escape(path)),
                          "--log takes a file in a directory that is there and can be written to.");
}

sys::LogFile open_log(const std::string& path) {
  if (auto made = sys::open_output(path, O_APPEND | O_EXCL)) return sys::LogFile(std::move(made));
  return sys::LogFile(open_to_append(path), sys::LogFile::kNoLimit);
}

std::string kernel() {
  utsname names = {};
  return ::uname(&names) == 0 ? names.release : "?";
}

}  // namespace

ShardLog::ShardLog(const std::string& path) : file_(open_log(path)) {}

void ShardLog::write(const std::string& text) {
  file_.write(Clock::now(), "run", text);
}

void ShardLog::fleet_started(const FleetStarted& event) {
  const auto& shard = event.spec.shard;
  const auto command_user = shard.user ? fmt::format(", the command as user {}", shard.user->uid) : "";
  write(fmt::format("nslaunch {}, Linux {}, as user {}{}: {}", version(), kernel(), ::geteuid(), command_user,
                    sys::shell_quote(shard.command)));
}

void ShardLog::attempt_started(const AttemptStarted& event) {
  const auto& attempt = event.attempt;
  write(fmt::format("attempt {} at {} is shard {}", attempt.number, sys::escape(attempt.part.part.name),
                    attempt.id));
}

void ShardLog::shard_logged(const LogEntry& entry) {
  file_.write(entry.at, fmt::format("{} {}", entry.shard, entry.who), entry.text);
}

void ShardLog::attempt_ended(const AttemptEnded& event) {
  write(fmt::format("shard {}: {}, exit status {}", event.attempt.id, to_string(event.attempt.status),
                    event.attempt.exit_status));
}

void ShardLog::fleet_notice(const FleetNotice& event) {
  write(sys::escape(event.text));
}

void ShardLog::fleet_ended(const FleetEnded& event) {
  write("the end");
  if (file_.lost() > 0) event.warn(fmt::format("{} lines of the log could not be written", file_.lost()));
}

}  // namespace nslaunch::run
