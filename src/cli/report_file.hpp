#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.hpp"

namespace nslaunch::cli {

/// Where a report goes at the end of a run. A regular file is replaced as a whole, so that no reader meets
/// half a report (sys/output_file.hpp); what else it may be (a FIFO, a device, /dev/stderr, /dev/fd/N) is
/// opened at once and written to.
class ReportFile {
 public:
  /// Throws Error where the report could not be written there, as far as that can be known now. Waits for a
  /// FIFO's reader, but not for ever. `option`: what has named it.
  ReportFile(const std::string& path, const std::string& option);

  /// What must stay open until write().
  std::vector<int> descriptors() const;
  /// A failure is a warning: how the command ended is known, and the status to end with. From here on this
  /// process ignores SIGPIPE and SIGXFSZ. A reader that does not read is given up. Returns whether it has
  /// been written.
  bool write(std::string_view text);

 private:
  int write_now(std::string_view text) const;

  std::string path_;
  sys::Fd stream_;  ///< empty for a regular file
};

}  // namespace nslaunch::cli
