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

/// What one shard writes: read as it comes, told to the observers, kept in files where that is wanted.
class ShardOutput {
 public:
  /// All must outlive it. Writes RunningAttempt::tail.
  ShardOutput(RunningAttempt& attempt, const Observers& observers, const Outlet& outlet);

  /// Keeps every byte in files of this directory, too, which are the command's user's. Throws Error.
  void keep_in(const sys::Directory& directory, const ShardSpec& spec);
  /// The command's ends of both streams, ours being watched by `loop`. To be given away before the next
  /// process is started. Throws Error.
  std::vector<sys::Fd> open(sys::Loop& loop);

  /// What has been written before is not taken: the command has to wait.
  bool is_held_back() const { return outlet_.holds_back_output(); }

  /// To be called before each turn of the loop: what is held back is left in the pipe, where the command
  /// notices.
  void wait_for_more();
  /// Takes what the loop's last turn has brought. True: there was output.
  bool handle_events();
  /// The same of what has come since.
  bool take_what_is_there();
  /// Takes what is there, and closes the streams: nobody writes any more.
  void finish();

  /// The end of what was written, both streams in one.
  const std::string& tail() const noexcept { return attempt_.tail; }
  std::uint64_t size() const noexcept { return size_; }
  /// What went wrong with reading or keeping it, in words; empty: nothing.
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
  void tell(const Source& source, std::string_view bytes) const;

  RunningAttempt& attempt_;
  const Observers& observers_;
  const Outlet& outlet_;
  Source sources_[2];
  std::uint64_t size_ = 0;
  std::string problem_;
  std::error_code read_error_;
};

}  // namespace nslaunch::run
