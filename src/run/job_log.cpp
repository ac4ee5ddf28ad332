#include "run/job_log.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <cerrno>

#include "run/status.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"
#include "sys/text.hpp"

namespace nslaunch::run {
namespace {

constexpr const char* kTitles = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";
/// GNU parallel's own, of a job that it has ended.
constexpr int kNeverRan = -1;

/// As wait(2) tells them apart: one of the two is 0.
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

JobLog::JobLog(const std::string& path) : path_(path) {
  file_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666));
  const int error = file_ ? sys::write_all(file_.get(), kTitles) : errno;
  if (error != 0) {
    throw Error(sys::errno_code(error), fmt::format("opening {} for the job log", sys::escape(path)),
                "--joblog takes a file in a folder that is there and can be written to.");
  }
}

void JobLog::ended(const PartResult& part, const Attempt& attempt,
                   const std::function<void(std::string_view)>& warn) {
  if (!file_) return;
  const auto number = part.part.index + std::size_t{part.repetition - 1} * part.part.total;
  const auto line = fmt::format("{}\t:\t{:.3f}\t{:10.3f}\t0\t{}\t{}\t{}\t{}\n", number,
                                static_cast<double>(attempt.started_at) / 1000, seconds(time_of(attempt)),
                                attempt.output_bytes, exit_value(attempt), signal_of(attempt),
                                sys::shell_quote(part.command));
  const int error = sys::write_all(file_.get(), line);
  if (error == 0) return;
  file_.reset();
  warn(fmt::format("the job log {} ends here: {}", sys::escape(path_), sys::errno_code(error).message()));
}

}  // namespace nslaunch::run
