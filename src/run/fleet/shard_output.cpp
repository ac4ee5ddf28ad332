#include "run/fleet/shard_output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "shard/plan/users_directory.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::run {
namespace {

constexpr std::size_t kTail = 32 << 10;
constexpr int kReadsATurn = 4;
/// More than a pipe holds, but limited: a process outside may have obtained the pipe and write forever.
constexpr int kReadsThatEmpty = 32;

/// Above the standard streams, which they become in the command: a caller may have those closed.
sys::Fd above_standard(sys::Fd descriptor) {
  if (descriptor.get() > STDERR_FILENO) return descriptor;
  return sys::Fd(
      sys::check(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1), "moving a descriptor"));
}

}  // namespace

ShardOutput::ShardOutput(RunningAttempt& attempt, const Observers& observers, const Outlet& outlet)
    : attempt_(attempt),
      observers_(observers),
      outlet_(outlet),
      sources_{{.stream = Stream::kOut}, {.stream = Stream::kErr}} {}

void ShardOutput::keep_in(const sys::Directory& directory, const ShardSpec& spec) {
  constexpr const char* kNames[] = {"stdout", "stderr"};
  for (auto& source : sources_)
    source.file = shard::make_result(spec, directory, kNames[static_cast<std::size_t>(source.stream)]);
}

std::vector<sys::Fd> ShardOutput::open(sys::Loop& loop) {
  std::vector<sys::Fd> writers;
  for (auto& source : sources_) {
    auto pipe = sys::make_pipe();
    sys::check(::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK), "preparing to read a shard's output");
    source.reader = std::move(pipe.read);
    source.watch = loop.watch(source.reader.get(), POLLIN, [&source](short) { source.is_due = true; });
    writers.push_back(above_standard(std::move(pipe.write)));
  }
  return writers;
}

bool ShardOutput::handle_events() {
  bool any = false;
  for (auto& source : sources_) {
    if (std::exchange(source.is_due, false)) any |= read_some(source, kReadsATurn);
  }
  return any;
}

void ShardOutput::wait_for_more() {
  for (auto& source : sources_) source.watch.want(is_held_back() ? 0 : POLLIN);
}

bool ShardOutput::take_what_is_there() {
  bool any = false;
  for (auto& source : sources_) any |= !is_held_back() && read_some(source, kReadsATurn);
  return any;
}

bool ShardOutput::read_some(Source& source, int most_reads) {
  std::array<char, 64 << 10> buffer;
  bool any = false;
  for (int reads = 0; source.reader && reads < most_reads; ++reads) {
    const auto size = ::read(source.reader.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0) read_error_ = sys::errno_code(errno);
    if (size <= 0) {
      source.watch.end();
      source.reader.reset();
      break;
    }
    take(source, {buffer.data(), static_cast<std::size_t>(size)});
    any = true;
  }
  return any;
}

void ShardOutput::take(Source& source, std::string_view bytes) {
  size_ += bytes.size();
  auto& tail = attempt_.tail;
  tail.append(bytes.substr(bytes.size() - std::min(bytes.size(), kTail)));
  if (tail.size() > 2 * kTail) tail.erase(0, tail.size() - kTail);
  if (source.file) {
    if (const int error = sys::write_all(source.file.get(), bytes); error != 0) {
      problem_ = sys::errno_code(error).message();
      source.file.reset();
    }
  }
  notify(source, bytes);
}

void ShardOutput::notify(const Source& source, std::string_view bytes) const {
  observers_.notify(&FleetObserver::output_read,
                    OutputRead{.attempt = attempt_, .stream = source.stream, .bytes = bytes});
}

void ShardOutput::finish() {
  for (auto& source : sources_) {
    read_some(source, kReadsThatEmpty);
    source.watch.end();
    source.reader.reset();
    notify(source, {});
  }
}

std::string ShardOutput::problem() const {
  return read_error_ ? read_error_.message() : problem_;
}

}  // namespace nslaunch::run
