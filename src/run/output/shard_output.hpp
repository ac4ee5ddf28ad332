#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nslaunch/fleet.hpp>

#include "run/output/printer.hpp"
#include "run/output/spool.hpp"
#include "sys/base/fd.hpp"
#include "sys/files/directory.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::run {

/// What one shard writes: read as it comes, kept as far as it is wanted, handed to the printer.
class ShardOutput {
 public:
  /// `label`: what stands before each of its lines with OutputMode::kStream. The printer must outlive it.
  ShardOutput(OutputMode mode, std::string label, Printer& printer);

  /// Keeps every byte in files of this directory, too, which are the command's user's. Throws Error.
  void keep_in(const sys::Directory& directory, const ShardSpec& spec);
  /// The command's ends of both streams, ours being watched by `loop`. To be given away before the next
  /// process is started. Throws Error.
  std::vector<sys::Fd> open(sys::Loop& loop);

  /// What has been written before can't be printed: the command has to wait.
  bool is_held_back() const noexcept { return mode_ == OutputMode::kStream && printer_.is_full(); }

  /// To be called before each turn of the loop: what can't be printed for now is left in the pipe, where the
  /// command notices.
  void wait_for_more();
  /// Takes what the loop's last turn has brought. True: there was output.
  bool handle_events();
  /// The same of what has come since.
  bool take_what_is_there();
  /// Takes what is there, and closes the streams: nobody writes any more.
  void finish();
  /// Hands what has been kept for it to the printer.
  void print();

  /// The end of what was written, both streams in one.
  const std::string& tail() const noexcept { return tail_; }
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
    std::string line{};        ///< with kStream: what has no end yet
    bool in_a_line = false;    ///< the last byte was no newline
    sys::Loop::Watch watch{};  ///< of the reader
  };
  bool read_some(Source& source, int most_reads);
  void take(Source& source, std::string_view bytes);
  void print_lines(Source& source, std::string_view bytes);
  void print_line(Source& source, std::string_view rest);

  OutputMode mode_;
  std::string label_;
  Printer& printer_;
  Source sources_[2];
  std::shared_ptr<Spool> spool_;
  std::string tail_;
  std::uint64_t size_ = 0;
  std::string problem_;
  std::error_code read_error_;
};

/// The last lines of a text, at most so many.
std::vector<std::string_view> last_lines(std::string_view text, std::size_t most);

}  // namespace nslaunch::run
