#pragma once

#include <nslaunch/fleet_events.hpp>
#include <nslaunch/spec.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/base/fd.hpp"
#include "sys/files/output_file.hpp"

namespace nslaunch::run {

/// Where a report goes at the end of a run: what its name has led to before anything ran
/// (sys/files/output_file.hpp). A regular file is replaced as a whole, so that no reader meets half a report;
/// what else it may be (a FIFO, a device, /dev/stderr, /dev/fd/N) is written to.
class ReportFile {
 public:
  /// Whose command runs until write(). In the place of a directory that one's own command has removed the new
  /// one of that name is used.
  enum class Command { kOwn, kAnotherUsers };

  /// Throws Error where the report could not be written there, as far as that can be known now. Waits for a
  /// FIFO's reader, but not for ever. `option`: what has named it.
  ReportFile(const std::string& path, const std::string& option, Command command);

  /// What must stay open until write().
  std::vector<int> descriptors() const;
  /// A failure is for `warn`: how the command ended is known, and the status to end with. From here on this
  /// process ignores SIGPIPE and SIGXFSZ. A reader that does not read is given up. Returns whether it has
  /// been written.
  bool write(std::string_view text, const Warn& warn);

 private:
  int write_now(std::string_view text) const;

  std::string path_;
  Command command_;
  sys::Fd stream_;  ///< one of our own descriptors that the path names
  std::optional<sys::OutputFile> file_;
};

/// Of a run with this spec.
ReportFile::Command command_of(const ShardSpec& spec) noexcept;

}  // namespace nslaunch::run
