#include "sys/base/log_file.hpp"

#include <fcntl.h>
#include <spdlog/pattern_formatter.h>
#include <sys/stat.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include "sys/base/files.hpp"
#include "sys/base/log.hpp"

namespace nslaunch::sys {

struct LogFile::Format {
  spdlog::pattern_formatter lines{"%Y-%m-%dT%H:%M:%S.%fZ nslaunch[%n] %v", spdlog::pattern_time_type::utc};
};

LogFile::LogFile(Fd file, off_t limit)
    : file_(std::move(file)), limit_(limit), format_(std::make_unique<Format>()) {}

LogFile::~LogFile() = default;

bool LogFile::try_to_write(std::chrono::system_clock::time_point at, std::string_view source,
                           std::string_view text) {
  const spdlog::string_view_t name(source.data(), source.size());
  const spdlog::string_view_t content(text.data(), text.size());
  spdlog::memory_buf_t line;
  format_->lines.format(spdlog::details::log_msg(at, {}, name, spdlog::level::info, content), line);
  if (write_without_signal(fd(), {line.data(), line.size()}) != 0) return false;
  appended_ += static_cast<off_t>(line.size());
  return true;
}

void LogFile::write(std::chrono::system_clock::time_point at, std::string_view source,
                    std::string_view text) {
  if (lost_ > 0 && try_to_write(at, "log", fmt::format("{} lines are lost", lost_))) lost_ = 0;
  if (lost_ > 0 || !try_to_write(at, source, text)) ++lost_;
  trim_if_full();
}

/// In place: the owner of the directory could choose what a second name beside it means. Takes the same time
/// whatever the size. What others append at that very moment may be lost.
void LogFile::trim_if_full() try {
  struct stat status = {};
  if (::fstat(fd(), &status) != 0 || appended_ < limit_ || status.st_size != appended_) return;
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid() || status.st_nlink != 1) return;
  // The log's own descriptor is for appending only.
  const Fd readable(::open(fmt::format("/proc/self/fd/{}", fd()).c_str(), O_RDONLY | O_CLOEXEC));
  if (!readable || !try_write_lock(fd())) return;
  std::string kept(static_cast<std::size_t>(limit_ / 2), '\0');
  const ssize_t count = ::pread(readable.get(), kept.data(), kept.size(), status.st_size - limit_ / 2);
  if (count < 0) return;
  kept.resize(static_cast<std::size_t>(count));
  kept.erase(0, kept.find('\n') + 1);
  if (::fstat(fd(), &status) != 0 || status.st_size != appended_ || ::ftruncate(fd(), 0) != 0) return;
  appended_ = static_cast<off_t>(kept.size());
  if (write_without_signal(fd(), kept) == 0) return;
  lost_ += static_cast<std::uint64_t>(std::count(kept.begin(), kept.end(), '\n'));
} catch (const Error&) {  // a file system without locks
}

}  // namespace nslaunch::sys
