#include "sys/base/log_file.hpp"

#include <fcntl.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "sys/base/files.hpp"
#include "sys/base/log.hpp"

namespace nslaunch::sys {

/// spdlog formats the line, LogFile writes it.
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

LogFile::LogFile(Fd file, std::uint64_t limit)
    : file_(std::move(file)), limit_(limit), sink_(std::make_unique<Sink>(*this)) {}

LogFile::~LogFile() = default;

void LogFile::write(std::chrono::system_clock::time_point at, std::string_view source,
                    std::string_view text) {
  const spdlog::string_view_t name(source.data(), source.size());
  const spdlog::string_view_t line(text.data(), text.size());
  sink_->log(spdlog::details::log_msg(at, {}, name, spdlog::level::info, line));
}

void LogFile::append(std::string_view line) {
  const auto try_to_write = [this](std::string_view text) { return write_without_signal(fd(), text) == 0; };
  if (lost_ > 0 && try_to_write(fmt::format("({} lines are lost)\n", lost_))) lost_ = 0;
  if (lost_ > 0 || !try_to_write(line)) ++lost_;
  trim_if_full();
}

/// In place: the owner of the directory could choose what a second name beside it means. Takes the same time
/// whatever the size. Only one of several processes does this, and may lose what others write meanwhile.
void LogFile::trim_if_full() const {
  struct stat status = {};
  if (::fstat(fd(), &status) != 0 || static_cast<std::uint64_t>(status.st_size) < limit_) return;
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid() || status.st_nlink != 1) return;
  // The log's own descriptor is for appending only.
  const Fd readable(::open(fmt::format("/proc/self/fd/{}", fd()).c_str(), O_RDONLY | O_CLOEXEC));
  if (!readable || !try_write_lock(fd())) return;
  std::string kept(limit_ / 2, '\0');
  const ssize_t count =
      ::pread(readable.get(), kept.data(), kept.size(), status.st_size - static_cast<off_t>(kept.size()));
  if (count < 0) return;
  kept.resize(static_cast<std::size_t>(count));
  kept.erase(0, kept.find('\n') + 1);
  if (::ftruncate(fd(), 0) == 0) write_all(fd(), kept);
}

}  // namespace nslaunch::sys
