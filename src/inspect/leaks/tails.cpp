#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "inspect/leaks/survivors.hpp"
#include "inspect/snapshot/descriptors.hpp"
#include "inspect/snapshot/processes.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/values.hpp"
#include "sys/files/directory.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::inspect {
namespace {

/// A check must stay cheap with thousands of survivors: only these are looked at, as readers and as writers.
constexpr std::size_t kMostProcesses = 256;

/// A process that reads a pipe as its standard input.
struct Reader {
  pid_t pid = 0;
  pid_t shown = 0;
  std::uint64_t pipe = 0;
  int unread = 0;           ///< bytes in the pipe
  bool has_writer = false;  ///< anywhere, also outside the shard
  bool is_tail = false;
};

using Writers = std::unordered_map<std::uint64_t, std::vector<pid_t>>;

std::optional<Reader> read_end(const Process& process, std::uint64_t pipe) {
  // A newly opened pipe reports at once, and exactly, whether any process can still write to it: hang-up. (A
  // named FIFO would not; its link does not read "pipe:".)
  const std::string path = fmt::format("/proc/{}/fd/0", process.shown());
  // Hold it first: the process may replace it meanwhile, and the replacement must not be opened.
  const sys::Fd found(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status = {};
  if (!found || ::fstat(found.get(), &status) != 0 || !S_ISFIFO(status.st_mode) || status.st_ino != pipe)
    return std::nullopt;
  const auto held = sys::descriptor_path(found.get());
  const sys::Fd end(::open(held.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!end) return std::nullopt;
  pollfd state = {end.get(), POLLIN, 0};
  int unread = 0;
  if (::poll(&state, 1, 0) < 0 || ::ioctl(end.get(), FIONREAD, &unread) != 0) return std::nullopt;
  return Reader{process.pid, process.shown(), pipe, unread, (state.revents & POLLHUP) == 0, false};
}

std::vector<Reader> find_readers(const std::vector<Process>& processes, std::uint64_t except) {
  std::vector<Reader> readers;
  std::optional<Listeners> listeners;
  for (const auto& process : processes) {
    const auto pipe = inode_of(descriptor_target(process.shown(), 0), "pipe");
    if (pipe == 0 || pipe == except) continue;
    if (!listeners) listeners.emplace();
    if (!listeners->of(process.shown()).empty()) continue;  // a server, which does not end with its input
    if (const auto reader = read_end(process, pipe)) readers.push_back(*reader);
  }
  return readers;
}

Writers find_writers(const std::vector<Process>& processes) {
  Writers writers;
  for (const auto& process : processes) {
    for_each_descriptor(process.shown(), [&](int number, const std::string& target) {
      const auto pipe = inode_of(target, "pipe");
      if (pipe != 0 && is_writable(process.shown(), number)) writers[pipe].push_back(process.pid);
    });
  }
  return writers;
}

/// A reader without a writer ends, and so does one whose writers all end. A process that holds its own input
/// open is never reached.
void mark_tails(std::vector<Reader>& readers, const std::vector<Process>& processes) {
  for (auto& reader : readers) reader.is_tail = !reader.has_writer;
  const auto undecided = [](const Reader& reader) { return !reader.is_tail; };
  if (std::none_of(readers.begin(), readers.end(), undecided)) return;

  const Writers writers = find_writers(processes);
  const auto ends = [&](pid_t pid) {
    return std::any_of(readers.begin(), readers.end(),
                       [&](const Reader& reader) { return reader.pid == pid && reader.is_tail; });
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (auto& reader : readers) {
      const auto known = writers.find(reader.pipe);
      if (reader.is_tail || known == writers.end()) continue;
      reader.is_tail = std::all_of(known->second.begin(), known->second.end(), ends);
      changed |= reader.is_tail;
    }
  }
}

struct Activity {
  /// Grows with every completed read and write, with progress in an incomplete write (a large one, to a slow
  /// reader), and with the processor time of every thread (sort computes for a long time).
  std::uint64_t movement = 0;
  bool runnable = false;  ///< runs, or waits for a processor: not stuck, however busy the machine is
};

Activity activity_of(pid_t shown) {
  const auto io = sys::read_file(fmt::format("/proc/{}/io", shown).c_str()).value_or("");
  const auto status = sys::read_file(fmt::format("/proc/{}/status", shown).c_str()).value_or("");
  const auto stat = sys::read_stat(shown).value_or(sys::ProcessStat{});
  const auto number = [](const std::string& text, std::string_view label) {
    return sys::number_after(text, label).value_or(0);
  };
  return {number(io, "rchar: ") + number(io, "wchar: ") + number(status, "\nvoluntary_ctxt_switches:") +
              stat.utime_ticks + stat.stime_ticks,
          stat.state == 'R'};
}

}  // namespace

bool PipelineTails::progressing() noexcept {
  try {
    const auto processes = running_processes(kMostProcesses);
    auto readers = find_readers(processes, caller_stdin_);
    mark_tails(readers, processes);
    std::vector<Seen> seen;
    bool progress = false;
    for (const auto& reader : readers) {
      if (!reader.is_tail) continue;
      const auto now = sys::Clock::now();
      const auto activity = activity_of(reader.shown);
      Seen tail = {reader.pid, activity.movement, reader.unread, now};
      const auto before =
          std::find_if(seen_.begin(), seen_.end(), [&](const Seen& old) { return old.pid == reader.pid; });
      const bool known = before != seen_.end();
      if (known && before->unread == tail.unread) tail.last_input = before->last_input;
      const bool moves = !known || activity.runnable || before->movement != tail.movement;
      progress |= moves && now - tail.last_input < linger_;
      seen.push_back(tail);
    }
    seen_ = std::move(seen);
    return progress;
  } catch (...) {
    return false;
  }
}

}  // namespace nslaunch::inspect
