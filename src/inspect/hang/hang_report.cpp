#include "inspect/hang/hang_report.hpp"

#include <algorithm>
#include <ctime>
#include <sstream>

#include "inspect/snapshot/details.hpp"
#include "inspect/snapshot/processes.hpp"
#include "inspect/snapshot/shard.hpp"
#include "inspect/snapshot/threads.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"
#include "sys/process/forked.hpp"

namespace nslaunch::inspect {
namespace {

constexpr std::chrono::seconds kLimit{5};
constexpr std::size_t kMostBytes = 4 << 20;
constexpr std::size_t kMostShown = 200;
constexpr std::size_t kMostThreads = 100;  // of each process
constexpr std::size_t kMostGroups = 6;
constexpr std::size_t kMostFunctions = 12;
constexpr std::size_t kMostSockets = 200;
/// Indents the lines below a process; shortened() omits them.
constexpr std::string_view kBelow = "            ";
constexpr std::size_t kMostShortened = 12;  // lines of each part
constexpr std::size_t kWidthShortened = 160;

std::string now_in_words() {
  const std::time_t now = std::time(nullptr);
  char text[64] = "";
  tm parts = {};
  if (::localtime_r(&now, &parts) != nullptr) std::strftime(text, sizeof text, "%F %T %z", &parts);
  return text;
}

std::string heading(const Subject& subject, const std::string& why) {
  return fmt::format("shard    {} ({})\ncommand  {}\nseen at  {}\n{}", sys::escape(subject.id),
                     sys::escape(subject.name), sys::shell_quote(subject.command), now_in_words(),
                     why.empty() ? "" : fmt::format("because  {}\n", why));
}

/// Without the suffix that the compiler has added to a function's name (".constprop.0").
std::string place(const std::string& function) {
  return sys::escape(function.substr(0, function.find('.')));
}

/// The row of each process and the lines below it.
class Rows {
 public:
  explicit Rows(std::optional<uid_t> reader) : reader_(reader) {}

  std::string of(ProcessDetails process) const {
    const pid_t pid = process.member->stat.pid;
    const bool is_closed = reader_ && !is_of(*reader_, pid);
    if (is_closed) process.waits_in.clear();
    if (is_closed) process.command_line = fmt::format("({})", process.member->stat.comm);
    return process_line(process) + (is_closed ? "" : threads_below(pid));
  }

 private:
  std::string stack_line(pid_t thread) const;
  std::string threads_below(pid_t pid) const;
  static std::string process_line(const ProcessDetails& process);

  std::optional<uid_t> reader_;
};

std::string in_words(const ThreadGroup& group) {
  return fmt::format("{}{} {} {}{} ({})\n", kBelow, group.count, group.count == 1 ? "thread" : "threads",
                     state_in_words(group.state),
                     group.waits_in.empty() ? "" : " in " + place(group.waits_in), sys::escape(group.name));
}

std::string Rows::stack_line(pid_t thread) const {
  if (reader_) return {};
  std::vector<std::string> places;
  for (const auto& function : kernel_stack(thread, kMostFunctions)) places.push_back(place(function));
  return places.empty() ? "" : fmt::format("{}  in {}\n", kBelow, fmt::join(places, " < "));
}

std::string Rows::threads_below(pid_t pid) const {
  const auto threads = threads_of(pid, kMostThreads);
  if (threads.total <= 1) return stack_line(pid);
  std::string text;
  std::size_t listed = 0;
  for (std::size_t i = 0; i < std::min(threads.groups.size(), kMostGroups); ++i) {
    const auto& group = threads.groups[i];
    listed += group.count;
    text += in_words(group) + stack_line(group.first);
  }
  if (listed < threads.total) text += fmt::format("{}and {} more threads\n", kBelow, threads.total - listed);
  return text;
}

std::string Rows::process_line(const ProcessDetails& process) {
  const auto& stat = process.member->stat;
  return fmt::format("{:>8} {:>8}  {:<20} {:<22} {:>7} {:>8} {:>7}  {}{}\n", process.member->pid, stat.pid,
                     state_in_words(stat.state), process.waits_in.empty() ? "-" : place(process.waits_in),
                     age_in_words(stat), cpu_of(stat), memory_of(stat), process.indentation(),
                     sys::escape(process.command_line));
}

/// Row by row, so that the rows before a process that blocks us (K33) are not lost.
void write_processes(int out, std::vector<Member> members, const Rows& rows) {
  sys::write_all(out, fmt::format("\nprocesses\n{:>8} {:>8}  {:<20} {:<22} {:>7} {:>8} {:>7}  {}\n", "PID",
                                  "OUTSIDE", "STATE", "WAITS IN", "AGE", "CPU", "MEMORY", "COMMAND"));
  const std::size_t shown = std::min(members.size(), kMostShown);
  const std::size_t more = members.size() - shown;
  members.resize(shown);
  for (const auto& process : details_of(members)) sys::write_all(out, rows.of(process));
  if (more > 0) sys::write_all(out, fmt::format("{:>8} and {} more processes\n", "", more));
}

std::string socket_line(const OwnedSocket& owned) {
  const auto& socket = owned.socket;
  const auto queue = socket.listening && socket.protocol != ns::Protocol::kUdp
                         ? fmt::format("{}/{}", socket.queued, socket.backlog)
                         : "-";
  return fmt::format("    {:<5} {:<9} {:>9}  {:<14} {}{}{}\n", name_of(socket.protocol), state_of(socket),
                     queue, owned.owners.empty() ? "-" : fmt::format("{}", fmt::join(owned.owners, ",")),
                     socket.local.empty() ? "-" : sys::escape(socket.local),
                     socket.remote.empty() ? "" : " to ", sys::escape(socket.remote));
}

void write_sockets(int out, pid_t init, const std::vector<Member>& members) {
  sys::write_all(out, "\nsockets\n");
  std::vector<OwnedSocket> sockets;
  try {
    sockets = sockets_of(init, members);
  } catch (const Error& error) {
    sys::write_all(out, fmt::format("    they can't be seen: {}\n", error.what()));
    return;
  }
  // A pair of connected Unix sockets has no name worth showing.
  std::erase_if(sockets, [](const OwnedSocket& owned) {
    return owned.socket.local.empty() && owned.socket.remote.empty();
  });
  std::stable_sort(sockets.begin(), sockets.end(), [](const OwnedSocket& a, const OwnedSocket& b) {
    return a.socket.listening > b.socket.listening;
  });
  std::string text =
      fmt::format("    {:<5} {:<9} {:>9}  {:<14} {}\n", "PROTO", "STATE", "QUEUE", "PID", "ADDRESS");
  const std::size_t shown = std::min(sockets.size(), kMostSockets);
  for (std::size_t i = 0; i < shown; ++i) text += socket_line(sockets[i]);
  if (shown < sockets.size()) text += fmt::format("    and {} more sockets\n", sockets.size() - shown);
  sys::write_all(out, sockets.empty() ? "    none\n" : text);
}

/// Sockets first: reading them can't block.
void write_parts(int out, const Subject& subject) {
  const auto members = members_of(subject.init);
  auto open_ones = members;  // accessible to the report's reader
  if (subject.reader) {
    std::erase_if(open_ones, [&](const Member& member) { return !is_of(*subject.reader, member.stat.pid); });
  }
  write_sockets(out, subject.init, open_ones);
  write_processes(out, members, Rows(subject.reader));
}

std::string cut(const std::string& line) {
  if (line.size() <= kWidthShortened) return line;
  std::size_t end = kWidthShortened - 3;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;  // don't split a character
  return line.substr(0, end) + "...";
}

}  // namespace

HangReport::HangReport(const Subject& subject, const std::string& why)
    : heading_(heading(subject, why)), work_([&](int out) { write_parts(out, subject); }), limit_(kLimit) {}

bool HangReport::take(std::string_view chunk) {
  seen_ += chunk;
  return seen_.size() < kMostBytes;
}

bool HangReport::is_over() {
  const bool goes_on = work_.read_some([this](std::string_view chunk) { return take(chunk); });
  return !goes_on || limit_.passed();
}

void HangReport::wait() {
  work_.read(kLimit, limit_, [this](std::string_view chunk) { return take(chunk); });
}

std::string HangReport::text() {
  auto text = heading_ + seen_;
  if (!work_.end())
    text += fmt::format("\nThat is not all: the rest could not be read within {}.\n",
                        sys::format_duration(kLimit));
  return text;
}

std::string hang_report_of(const Subject& subject, const std::string& why) {
  HangReport report(subject, why);
  report.wait();
  return report.text();
}

std::vector<std::string> shortened(const std::string& report) {
  std::vector<std::string> lines;
  std::size_t in_part = 0;
  std::istringstream all(report.substr(std::min(report.find("\n\n"), report.size())));
  for (std::string line; std::getline(all, line);) {
    if (line.empty()) in_part = 0;
    if (line.empty() || line.starts_with(kBelow)) continue;
    if (++in_part <= kMostShortened) lines.push_back(cut(line));
    if (in_part == kMostShortened + 1) lines.emplace_back("    ...");
  }
  return lines;
}

}  // namespace nslaunch::inspect
