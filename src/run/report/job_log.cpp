#include "run/report/job_log.hpp"

#include <fcntl.h>
#include <nslaunch/error.hpp>

#include <cerrno>
#include <csignal>

#include "run/part/status.hpp"
#include "sys/base/check.hpp"
#include "sys/base/patient_write.hpp"
#include "sys/base/text.hpp"
#include "sys/files/open_output.hpp"

namespace nslaunch::run {
namespace {

constexpr const char* kTitles = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";
/// GNU parallel's value for a job that it has ended.
constexpr int kNeverRan = -1;

/// Exit value and signal are separate, as in wait(2): one of the two is 0.
int exit_value(const Attempt& attempt) {
  if (attempt.status == Status::kCancelled && !attempt.started) return kNeverRan;
  return attempt.status != Status::kTimeout && attempt.outcome.term_signal != 0 ? 0 : attempt.exit_status;
}

int signal_of(const Attempt& attempt) {
  return attempt.status == Status::kTimeout ? 0 : attempt.outcome.term_signal;
}

double seconds(std::chrono::microseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

JobLog::JobLog(const std::string& path)
    : path_(path), file_(sys::open_output(path, O_TRUNC | O_APPEND)), pending_(kTitles) {
  const int error = file_ ? write_pending() : errno;
  if (error == 0) return;
  throw sys::output_error(error, path, fmt::format("opening {} for the job log", sys::escape(path)),
                          "--joblog takes a file in a directory that is there and can be written to.");
}

/// Does not wait by default: what a FIFO does not take now stays pending. Returns 0 or an errno.
int JobLog::write_pending(std::chrono::milliseconds limit) {
  std::string_view left = pending_;
  const int error = sys::write_patiently(file_.get(), left, sys::Deadline(limit));
  pending_.erase(0, pending_.size() - left.size());
  return error == ETIMEDOUT && limit.count() == 0 ? 0 : error;
}

void JobLog::give_up(int error, const Warn& warn) {
  file_.reset();
  warn(fmt::format("the job log {} ends here: {}", sys::escape(path_),
                   error == ETIMEDOUT ? "its reader does not read" : sys::errno_code(error).message()));
}

void JobLog::attempt_ended(const AttemptEnded& event) {
  if (!file_) return;
  const auto& part = event.part;
  const auto& attempt = event.attempt;
  const auto number = part.part.index + std::size_t{part.repetition - 1} * part.part.total;
  pending_ += fmt::format("{}\t:\t{:.3f}\t{:10.3f}\t0\t{}\t{}\t{}\t{}\n", number,
                          static_cast<double>(attempt.started_at) / 1000, seconds(time_of(attempt)),
                          attempt.output_bytes, exit_value(attempt), signal_of(attempt),
                          sys::shell_quote(part.command));
  if (const int error = write_pending(); error != 0) give_up(error, event.warn);
}

void JobLog::fleet_ended(const FleetEnded& event) {
  ::signal(SIGPIPE, SIG_IGN);
  if (!file_) return;
  if (const int error = write_pending(sys::kReaderLimit); error != 0) give_up(error, event.warn);
}

}  // namespace nslaunch::run
