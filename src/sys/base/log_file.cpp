#include "sys/base/log_file.hpp"

#include <fcntl.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "sys/base/files.hpp"

namespace nslaunch::sys {
namespace {

/// 0 if it is not a regular file.
std::uint64_t size_of(const Fd& file) {
  struct stat status = {};
  const bool is_regular = ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
  return is_regular ? static_cast<std::uint64_t>(status.st_size) : 0;
}

/// Opens the file again: the log's own descriptor is for appending only.
bool copy_all(const Fd& from, const Fd& into) {
  const Fd readable(::open(fmt::format("/proc/self/fd/{}", from.get()).c_str(), O_RDONLY | O_CLOEXEC));
  constexpr std::size_t kChunk = 1 << 20;
  for (;;) {
    const ssize_t count = ::sendfile(into.get(), readable.get(), nullptr, kChunk);
    if (count <= 0) return count == 0;
  }
}

}  // namespace

/// spdlog formats the line, we write it.
class LogFile::Sink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit Sink(LogFile& log) : log_(log) {
    set_formatter_(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%fZ %n %v",
                                                               spdlog::pattern_time_type::utc));
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    log_.append({line.data(), line.size()});
  }
  void flush_() override {}

 private:
  LogFile& log_;
};

LogFile::LogFile(Fd file, std::function<Fd()> open_older, std::uint64_t limit)
    : file_(std::move(file)),
      open_older_(std::move(open_older)),
      limit_(limit),
      sink_(std::make_unique<Sink>(*this)) {}

LogFile::~LogFile() = default;

void LogFile::write(std::chrono::system_clock::time_point at, std::string_view source,
                    std::string_view text) {
  const spdlog::string_view_t name(source.data(), source.size());
  const spdlog::string_view_t line(text.data(), text.size());
  sink_->log(spdlog::details::log_msg(at, {}, name, spdlog::level::info, line));
}

void LogFile::append(std::string_view line) {
  if (lost_ > 0 && write_all(file_.get(), fmt::format("({} lines are lost)\n", lost_)) == 0) lost_ = 0;
  if (lost_ > 0 || write_all(file_.get(), line) != 0) ++lost_;
  rotate_if_full();
}

/// Copied and truncated, not renamed: in another user's directory, names are under that user's control. If
/// several processes share the log, one of them does it, and what the others write meanwhile may be lost.
void LogFile::rotate_if_full() {
  if (size_of(file_) < limit_ || ::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) return;
  if (size_of(file_) >= limit_) {
    const auto older = open_older_();
    if (older && copy_all(file_, older)) ::ftruncate(file_.get(), 0);
  }
  ::flock(file_.get(), LOCK_UN);
}

}  // namespace nslaunch::sys
