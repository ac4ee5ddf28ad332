#pragma once

#include <nslaunch/fleet_events.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "run/fleet/outlet.hpp"
#include "run/part/observers.hpp"
#include "sys/base/fd.hpp"
#include "sys/files/directory.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::run {

/// The output of one shard: read as it arrives, passed to the observers, and saved to files on request.
class ShardOutput {
 public:
  /// All must outlive it. Writes RunningAttempt::tail.
  ShardOutput(RunningAttempt& attempt, const Observers& observers, const Outlet& outlet);

  /// Also saves every byte to files in this directory, owned by the command's user. Throws Error.
  void keep_in(const sys::Directory& directory, const ShardSpec& spec);
  /// Returns the command's ends of both streams; `loop` watches ours. They must be given away before the next
  /// process is started. Throws Error.
  std::vector<sys::Fd> open(sys::Loop& loop);

  /// Output already written is not read: the command has to wait.
  bool is_held_back() const { return outlet_.holds_back_output(); }

  /// Call it before each turn of the loop. Output that is held back stays in the pipe, to throttle the
  /// command.
  void wait_for_more();
  /// Reads what the loop's last turn reported. Returns true if there was output.
  bool handle_events();
  /// The same for output that has arrived since.
  bool take_what_is_there();
  /// Reads the remaining output and closes the streams: no writer is left.
  void finish();

  /// The end of the output, both streams combined.
  const std::string& tail() const noexcept { return attempt_.tail; }
  std::uint64_t size() const noexcept { return size_; }
  /// What failed when reading or saving it, as text; empty if nothing.
  std::string problem() const;
  /// Why it could not be read to its end.
  std::error_code read_error() const noexcept { return read_error_; }

 private:
  struct Source {
    Stream stream;
    sys::Fd reader{};
    sys::Fd file{};
    bool is_due = false;
    sys::Loop::Watch watch{};  ///< of the reader
  };
  bool read_some(Source& source, int most_reads);
  void take(Source& source, std::string_view bytes);
  void notify(const Source& source, std::string_view bytes) const;

  RunningAttempt& attempt_;
  const Observers& observers_;
  const Outlet& outlet_;
  Source sources_[2];
  std::uint64_t size_ = 0;
  std::string problem_;
  std::error_code read_error_;
};

}  // namespace nslaunch::run
