#include "shard/supervise/output_watch.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <algorithm>
#include <ctime>
#include <utility>

#include "inspect/hang/standstill.hpp"
#include "sys/base/check.hpp"
#include "sys/process/channel.hpp"

namespace nslaunch::shard {
namespace {

using std::chrono::milliseconds;

/// File systems store times in steps: timer ticks at best, whole seconds (two for FAT) at worst.
constexpr milliseconds kFineStep{10};
constexpr milliseconds kCoarseStep{2000};
constexpr std::int64_t kTerminalStep = 7;  // the bits of its seconds that are ignored

std::string own_descriptor(int number) {
  return fmt::format("/proc/self/fd/{}", number);
}

/// What the file system knows locally: a query to a file server that is gone would block. The time may be
/// updated only when the data is written out, the size at once.
OutputWatch::Stamp stamp_of(int place) {
  struct statx status = {};
  constexpr int kFlags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  if (::statx(place, "", kFlags, STATX_MTIME | STATX_SIZE, &status) != 0) return {};
  return {status.stx_mtime.tv_sec, status.stx_mtime.tv_nsec, status.stx_size};
}

/// A full queue, of 16,384 events by default (inotify(7)). What is written meanwhile is left to the next
/// look.
constexpr int kMostReads = 64;

bool read_events(int events) noexcept {
  char chunk[4096];
  bool any = false;
  for (int reads = 0; reads<kMostReads&& ::read(events, chunk, sizeof chunk)> 0; ++reads) any = true;
  return any;
}

sys::Fd make_events() {
  return sys::Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
}

bool watch_writes(int events, int descriptor) {
  return ::inotify_add_watch(events, own_descriptor(descriptor).c_str(), IN_MODIFY) >= 0;
}

/// Whether this kernel reports writes to such a file at all (K31).
bool gives_notice(int write_end) {
  const auto events = make_events();
  if (!events || !watch_writes(events.get(), write_end)) return false;
  return ::write(write_end, "x", 1) == 1 && read_events(events.get());
}

bool gives_notice_of_pipes() {
  const auto pipe = sys::make_pipe();
  return gives_notice(pipe.write.get());
}

bool gives_notice_of_sockets() {
  const auto [ours, theirs] = sys::make_channel();
  return gives_notice(ours.get());
}

}  // namespace

OutputWatch::OutputWatch(int out, int err) {
  for (const int stream : {out, err}) add(stream);
  if (stamped_.empty() && !events_ && !by_written_bytes_) {
    throw UsageError("--silence: standard output and standard error are both closed",
                     "There is nothing to watch: leave the option out.");
  }
}

void OutputWatch::add(int stream) {
  struct stat status = {};
  const int flags = ::fcntl(stream, F_GETFL);
  if (flags < 0 || (flags & O_PATH) != 0) return;  // closed, or a placeholder for that
  sys::check(::fstat(stream, &status), "looking at standard {}",
             stream == STDOUT_FILENO ? "output" : "error");
  const bool is_terminal = ::isatty(stream) == 1;
  if (is_terminal || S_ISREG(status.st_mode)) {
    sys::Fd place(::open(own_descriptor(stream).c_str(), O_PATH | O_CLOEXEC));
    sys::check(place.get(), "opening standard {} to watch it", stream == STDOUT_FILENO ? "output" : "error");
    stamped_.push_back({std::move(place), is_terminal, false, {}});
    return;
  }
  const bool noticed = (S_ISFIFO(status.st_mode) && gives_notice_of_pipes()) ||
                       (S_ISSOCK(status.st_mode) && gives_notice_of_sockets());
  if (!noticed || !add_events(stream)) by_written_bytes_ = true;
}

bool OutputWatch::add_events(int stream) {
  if (!events_) events_ = make_events();
  return events_ && watch_writes(events_.get(), stream);
}

std::vector<int> OutputWatch::descriptors() const {
  std::vector<int> descriptors = {events_.get()};
  for (const auto& stamped : stamped_) descriptors.push_back(stamped.place.get());
  return descriptors;
}

bool OutputWatch::has_changed(Stamped& stamped) {
  const auto now =
      std::int64_t{std::time(nullptr)};  // before the look: a write in between must not be missed
  const auto stamp = stamp_of(stamped.place.get());
  const bool changed = stamp != std::exchange(stamped.stamp, stamp);
  // The kernel's rule for whether a write updates a terminal's time (K31).
  const bool hides = stamped.is_terminal && ((now ^ stamp.seconds) & ~kTerminalStep) == 0;
  const bool did_hide = std::exchange(stamped.hides_writes, hides);
  return changed || did_hide;
}

OutputWatch::Observation OutputWatch::look(pid_t init) noexcept try {
  Observation seen;
  if (events_) seen.wrote = read_events(events_.get());
  for (auto& stamped : stamped_) {
    seen.wrote |= has_changed(stamped);
    seen.unseen = std::max(seen.unseen, stamped.stamp.nanoseconds == 0 ? kCoarseStep : kFineStep);
  }
  if (by_written_bytes_) {
    const auto written = inspect::written_by(init);
    seen.wrote |= written.bytes != std::exchange(written_, written.bytes);
    seen.blind_for = written.unseen;
  }
  return seen;
} catch (...) {
  return {.wrote = true};  // unknown
}

}  // namespace nslaunch::shard
