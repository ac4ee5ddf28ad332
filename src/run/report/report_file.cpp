#include "run/report/report_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "registry/reap/leftover_note.hpp"
#include "sys/base/check.hpp"
#include "sys/base/patient_write.hpp"
#include "sys/base/signals.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::run {
namespace {

sys::Fd copy_of(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) errno = EBADF;
  const bool writable = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
  return sys::Fd(writable ? ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1);
}

sys::SignalSet all_signals() {
  sigset_t all;
  ::sigfillset(&all);
  return sys::SignalSet(all);
}

}  // namespace

ReportFile::ReportFile(const std::string& path, const std::string& option) : path_(path) {
  registry::LeftoverNote leftovers;
  // If reopened, a file would be written from its beginning.
  if (const auto descriptor = sys::descriptor_named(path))
    stream_ = copy_of(*descriptor);
  else
    file_ = sys::OutputFile::open(path, leftovers.hook());
  const int error = errno;
  if (stream_ || file_) return;
  throw sys::output_error(error, path, fmt::format("opening {} for the report", sys::escape(path)),
                          option + " takes a file in a directory that is there and can be written to.");
}

std::vector<int> ReportFile::descriptors() const {
  return file_ ? file_->descriptors() : std::vector<int>{stream_.get()};
}

int ReportFile::write_now(std::string_view text) const {
  if (!file_) return sys::write_patiently(stream_.get(), text, sys::Deadline(sys::kReaderLimit));
  const sys::BlockedSignals no_end_halfway(all_signals());
  registry::LeftoverNote leftovers;
  return file_->write(text, leftovers.hook());
}

bool ReportFile::write(std::string_view text, const Warn& warn) {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  const int error = write_now(text);
  if (error == 0) return true;
  const auto reason = error == ETIMEDOUT ? "its reader does not read" : sys::errno_code(error).message();
  const auto* advice = error == EEXIST ? sys::kNameIsTaken : error == ENOENT ? sys::kNameIsGone : "";
  warn(fmt::format("the report could not be written to {}: {}{}{}", sys::escape(path_), reason,
                   *advice == '\0' ? "" : "\n", advice));
  return false;
}

}  // namespace nslaunch::run
