#pragma once

#include <nslaunch/fleet_events.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/base/fd.hpp"
#include "sys/files/output_file.hpp"

namespace nslaunch::run {

/// The destination of a report at the end of a run: what its path led to before anything ran
/// (sys/files/output_file.hpp). A regular file is replaced as a whole, so that no reader sees half a report;
/// anything else (a FIFO, a device, /dev/stderr, /dev/fd/N) is written to.
class ReportFile {
 public:
  /// Throws Error if the report could not be written there, as far as is known now. Waits for a FIFO's
  /// reader, for a limited time. `option`: the option that gave the path.
  ReportFile(const std::string& path, const std::string& option);

  /// Descriptors that must stay open until write().
  std::vector<int> descriptors() const;
  /// Reports a failure through `warn`: the command's end and the exit status are already known. From here on
  /// this process ignores SIGPIPE and SIGXFSZ. Gives up on a reader that does not read. Returns whether the
  /// report has been written.
  bool write(std::string_view text, const Warn& warn);

 private:
  int write_now(std::string_view text) const;

  std::string path_;
  sys::Fd stream_;  ///< one of our own descriptors that the path names
  std::optional<sys::OutputFile> file_;
};

}  // namespace nslaunch::run
