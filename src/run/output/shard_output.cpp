#include "run/output/shard_output.hpp"

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
/// A line that is longer is printed in pieces: something has to be said of it some time.
constexpr std::size_t kLongestLine = std::size_t{1} << 20;
constexpr int kReadsATurn = 4;
/// More than a pipe holds; no more, should somebody outside have got hold of it and write for ever.
constexpr int kReadsThatEmpty = 32;

/// Above the standard streams, which the command gets them as: a caller may have those closed.
sys::Fd above_standard(sys::Fd descriptor) {
  if (descriptor.get() > STDERR_FILENO) return descriptor;
  return sys::Fd(
      sys::check(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1), "moving a descriptor"));
}

}  // namespace

std::vector<std::string_view> last_lines(std::string_view text, std::size_t most) {
  std::vector<std::string_view> lines;
  if (text.ends_with('\n')) text.remove_suffix(1);
  while (!text.empty() && lines.size() < most) {
    const auto end = text.rfind('\n');
    lines.push_back(end == std::string_view::npos ? text : text.substr(end + 1));
    text = end == std::string_view::npos ? std::string_view() : text.substr(0, end);
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

ShardOutput::ShardOutput(OutputMode mode, std::string label, Printer& printer)
    : mode_(mode),
      label_(std::move(label)),
      printer_(printer),
      sources_{{.stream = Stream::kOut}, {.stream = Stream::kErr}} {
  if (mode != OutputMode::kStream) spool_ = std::make_shared<Spool>();
}

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
  source.in_a_line = bytes.back() != '\n';
  tail_.append(bytes.substr(bytes.size() - std::min(bytes.size(), kTail)));
  if (tail_.size() > 2 * kTail) tail_.erase(0, tail_.size() - kTail);
  if (spool_) spool_->append(source.stream, bytes);
  if (source.file) {
    if (const int error = sys::write_all(source.file.get(), bytes); error != 0) {
      problem_ = sys::errno_code(error).message();
      source.file.reset();
    }
  }
  if (mode_ == OutputMode::kStream) print_lines(source, bytes);
}

void ShardOutput::print_lines(Source& source, std::string_view bytes) {
  for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    print_line(source, bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
  }
  source.line.append(bytes);
  if (source.line.size() >= kLongestLine) print_line(source, {});
}

void ShardOutput::print_line(Source& source, std::string_view rest) {
  std::string text;
  text.reserve(label_.size() + source.line.size() + rest.size() + 1);
  text.append(label_).append(source.line).append(rest) += '\n';
  source.line.clear();
  printer_.print(source.stream, std::move(text));
}

void ShardOutput::finish() {
  for (auto& source : sources_) {
    read_some(source, kReadsThatEmpty);
    source.watch.end();
    source.reader.reset();
    if (!source.line.empty()) print_line(source, {});
  }
}

void ShardOutput::print() {
  if (!spool_ || spool_->size() == 0) return;
  for (const auto& source : sources_) {
    if (source.in_a_line) spool_->append(source.stream, "\n");
  }
  printer_.print(std::exchange(spool_, nullptr));
}

std::string ShardOutput::problem() const {
  if (read_error_) return read_error_.message();
  return problem_.empty() && spool_ ? spool_->problem() : problem_;
}

}  // namespace nslaunch::run
