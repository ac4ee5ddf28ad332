#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.hpp"

namespace nslaunch::cli {

/// Where a report goes at the end of a run. A regular file is replaced as a whole, so that no reader meets
/// half a report; what else it may be (a FIFO, a device, /dev/stderr, /dev/fd/N) is opened at once and
/// written to.
class ReportFile {
 public:
  /// Throws Error where the report could not be written there, as far as that can be known now. Waits for a
  /// FIFO's reader, as a shell does. `option`: what has named it.
  ReportFile(const std::string& path, const std::string& option);

  /// What must stay open until write().
  std::vector<int> descriptors() const;
  /// A failure is a warning: how the command ended is known, and the status to end with. From here on this
  /// process ignores SIGPIPE and SIGXFSZ. Returns whether it has been written.
  bool write(std::string_view text);

 private:
  std::string path_;
  sys::Fd stream_;  ///< empty for a regular file
};

}  // namespace nslaunch::cli
