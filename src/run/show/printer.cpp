#include "run/show/printer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "sys/base/check.hpp"
#include "sys/base/patient_write.hpp"

namespace nslaunch::run {
namespace {

std::size_t index_of(Stream stream) {
  return static_cast<std::size_t>(stream);
}

/// A pipe that is writable according to poll(2) takes this much without blocking, and perhaps no more
/// (pipe(7)).
std::size_t most_at_once(int descriptor) {
  struct stat status = {};
  const bool never_waits = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  return never_waits ? std::size_t{1} << 20 : PIPE_BUF;
}

}  // namespace

Printer::Printer()
    : terminals_{sys::reopen_terminal(STDOUT_FILENO), sys::reopen_terminal(STDERR_FILENO)},
      most_at_once_{most_at_once(STDOUT_FILENO), most_at_once(STDERR_FILENO)},
      on_terminal_{::isatty(STDOUT_FILENO) == 1, ::isatty(STDERR_FILENO) == 1} {}

int Printer::target(Stream stream) const noexcept {
  const auto& terminal = terminals_[index_of(stream)];
  if (terminal) return terminal.get();
  return stream == Stream::kOut ? STDOUT_FILENO : STDERR_FILENO;
}

void Printer::print(Stream stream, std::string text) {
  if (text.empty()) return;
  waiting_ += text.size();
  const bool has_back = items_.size() > 1;
  if (has_back && !items_.back().spool && !items_.back().is_footer && items_.back().stream == stream &&
      items_.back().text.size() < most_at_once_[0]) {
    items_.back().text += text;
  } else {
    items_.push_back({.stream = stream, .text = std::move(text)});
  }
  wait_for_front();
}

void Printer::print(std::shared_ptr<Spool> spool) {
  items_.push_back({.spool = std::move(spool)});
  wait_for_front();
}

void Printer::print_footer(std::string text) {
  if (text.empty()) return;
  waiting_ += text.size();
  items_.push_back({.stream = Stream::kErr, .text = std::move(text), .is_footer = true});
  wait_for_front();
}

/// Ensures that the first item has text to write, or returns false.
bool Printer::fill_front() {
  while (!items_.empty()) {
    auto& front = items_.front();
    if (front_taken_ < front.text.size()) return true;
    waiting_ -= front.text.size();
    front_taken_ = 0;
    front.text.clear();
    if (!front.spool || !front.spool->next(front.stream, front.text))
      items_.pop_front();
    else
      waiting_ += front.text.size();
  }
  return false;
}

void Printer::begin(sys::Loop& loop) {
  for (const auto stream : {Stream::kOut, Stream::kErr})
    watches_[index_of(stream)] = loop.watch(target(stream), 0, [this](short) { write_now(); });
  wait_for_front();
}

void Printer::wait_for_front() noexcept {
  for (const auto stream : {Stream::kOut, Stream::kErr}) {
    const bool is_next = !items_.empty() && items_.front().stream == stream;
    watches_[index_of(stream)].want(is_next ? POLLOUT : 0);
  }
}

void Printer::write_now() {
  constexpr int kChunksATurn = 64;
  for (int chunk = 0; chunk < kChunksATurn && fill_front(); ++chunk) {
    pollfd front = {target(items_.front().stream), POLLOUT, 0};
    if (::poll(&front, 1, 0) <= 0 || !write_some()) break;
  }
  wait_for_front();
}

/// Returns whether something was written, or dropped.
bool Printer::write_some() {
  if (!fill_front()) return false;
  auto& front = items_.front();
  const auto which = index_of(front.stream);
  if (footer_ != nullptr && on_terminal_[which] && !front.is_footer) {
    const auto erase = footer_->erase();
    front.text.insert(front_taken_, erase);
    waiting_ += erase.size();
  }
  const auto rest = std::string_view(front.text).substr(front_taken_, most_at_once_[which]);
  const auto taken = lost_[which] ? static_cast<ssize_t>(rest.size())
                                  : sys::write_without_blocking(target(front.stream), rest);
  if (taken < 0 && errno != EINTR && errno != EAGAIN) {
    lost_[which] = true;
    if (errno != EPIPE && errno != EBADF) error_ = errno;  // EBADF: closed by the caller from the start
  }
  if (taken > 0) {
    front_taken_ += static_cast<std::size_t>(taken);
    written_ += static_cast<std::uint64_t>(taken);
  }
  fill_front();
  return taken > 0 || lost_[which];
}

}  // namespace nslaunch::run
