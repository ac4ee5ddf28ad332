#include "sys/process/as_user.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <map>

#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"
#include "sys/base/log.hpp"
#include "sys/base/patience.hpp"
#include "sys/base/signals.hpp"
#include "sys/base/values.hpp"
#include "sys/base/waiting.hpp"
#include "sys/process/accounts.hpp"
#include "sys/process/channel.hpp"
#include "sys/process/credentials.hpp"
#include "sys/process/forked.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::sys {
namespace {

/// How long a killed process may take to end; an unkillable one is left to the reaper of our orphans.
constexpr std::chrono::milliseconds kLastWait{200};

/// A user who stops all work done as that user, or resumes it just in time, delays us by this much in total.
constexpr std::chrono::seconds kOfOne{10};
std::map<uid_t, Patience> patience_with;
/// The same for all users together: one person can have 65,536 uids (/etc/subuid). It is more than one uid
/// can use up, so that time is left for the others.
constexpr std::chrono::seconds kOfAll{20};
Patience patience_with_all(kOfAll);

/// The descriptors are sent with the first byte.
bool send_answer(int to, const Answer& answer) {
  std::vector<int> numbers;
  for (const auto& descriptor : answer.descriptors) numbers.push_back(descriptor.get());
  char mark = 0;
  std::array<iovec, 1> parts = {{{&mark, 1}}};
  return send_message(to, parts, numbers) == 1 && write_all(to, answer.text) == 0;
}

/// Receives everything until the other end closes. False if that is incomplete: `stop`, which may be -1,
/// became readable, or the deadline has passed.
bool receive_answer(int from, int stop, const Deadline& deadline, Answer& answer) {
  bool marked = false;
  char chunk[65536];
  for (;;) {
    const auto readable = wait_for_any({from, stop}, deadline.poll_timeout());
    if (readable.error != 0 || readable.has(stop)) return false;
    if (!readable.has(from) && deadline.passed()) return false;
    if (!readable.has(from)) continue;
    std::array<iovec, 1> parts = {{{chunk, sizeof chunk}}};
    const auto count = receive_message(from, parts, &answer.descriptors);
    if (count <= 0) return count == 0 && marked;
    answer.text.append(chunk + (marked ? 0 : 1), static_cast<std::size_t>(count) - (marked ? 0 : 1));
    marked = true;
  }
}

/// Reaps a child that has ended. A tracer is notified first, and no event reports when that is over.
void reap(pid_t child, siginfo_t& end) {
  const Deadline deadline(kLastWait);
  do {
    retry_on_eintr(
        [&] { return ::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOHANG | __WALL); });
  } while (end.si_pid != child && !deadline.passed() && ::poll(nullptr, 0, 1) == 0);
}

/// The child can't be traced by the user: changing ids has made it undumpable. It exits with 0 or an errno.
[[noreturn]] void work_as(pid_t parent, int to, std::vector<int> used, const std::function<int()>& become,
                          const std::function<Answer()>& work) try {
  used.push_back(to);
  // A child that the user blocks in the kernel can't be killed: it must hold no pipe, lock or port of ours.
  close_all_except(used);
  guard_standard_streams();
  // A user's link may lead to /dev/tty or /proc/keys, whose content depends on the process that opens them.
  ::setsid();
  leave_keys();
  if (const int error = become(); error != 0) ::_exit(error);
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) ::_exit(EPERM);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // after the change of ids, which would clear it (K2)
  if (::getppid() != parent) ::_exit(ESRCH);
  ::_exit(send_answer(to, work()) ? 0 : EPIPE);
} catch (...) {
  ::_exit(EPERM);
}

/// What a child does, for error messages, and for which user.
struct Errand {
  std::string doing;
  uid_t whose = 0;
};

Answer run_child(const Errand& errand, std::chrono::milliseconds limit, const std::function<Answer()>& work,
                 Signals signals, const std::vector<int>& used, const std::function<int()>& become) {
  int ends[2];
  check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "making a channel to a child");
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  auto& patience = patience_with.try_emplace(errand.whose, kOfOne).first->second;
  const auto start = Clock::now();
  const Deadline deadline(std::min({limit, patience.limit(start), patience_with_all.limit(start)}));
  const pid_t self = ::getpid();
  const pid_t child = check(fork_untold(), "starting a process for {}", errand.doing);
  if (child == 0) {
    ours.reset();
    work_as(self, theirs.get(), used, become, work);
  }
  theirs.reset();
  const auto handle = Pidfd::open(child);
  Answer answer;
  const Fd stop = signals == Signals::kEndIt ? make_signalfd(ending_signals()) : Fd();
  const bool answered = receive_answer(ours.get(), stop.get(), deadline, answer);
  if (!answered) ::kill(child, SIGKILL);
  siginfo_t end = {};
  if (handle &&
      handle->wait_for_end(answered ? std::chrono::milliseconds(deadline.poll_timeout()) : kLastWait))
    reap(child, end);
  if (end.si_pid != child && answered) ::kill(child, SIGKILL);
  for (auto* used_up : {&patience, &patience_with_all}) used_up->waited(start, Clock::now());
  if (answered && end.si_pid == child && end.si_code == CLD_EXITED && end.si_status == 0) return answer;
  pollfd signalled = {stop.get(), POLLIN, 0};
  const int said = end.si_code == CLD_EXITED && end.si_status != 0 ? end.si_status : EPERM;
  const int why = ::poll(&signalled, 1, 0) == 1 ? EINTR : deadline.passed() ? ETIMEDOUT : said;
  if (why == ETIMEDOUT) patience.use_up();
  if (!handle || !handle->has_ended()) warn_of_unkillable(child, errand.doing);
  throw Error(errno_code(why), errand.doing);
}

}  // namespace

int Answer::error() const noexcept {
  return whole_number<int>(text).value_or(EPROTO);
}

Answer as_user(uid_t uid, gid_t gid, const std::vector<gid_t>& groups, std::chrono::milliseconds limit,
               const std::function<Answer()>& work, Signals signals, const std::vector<int>& used,
               const std::function<int()>& become) {
  const auto become_them = [&] {
    // A link of the user's may lead to /proc/self/cwd.
    if (::chdir("/") != 0) return errno;
    return become ? become() : become_user(uid, gid, groups);
  };
  return run_child({fmt::format("working as user {}", uid), uid}, limit, work, signals, used, become_them);
}

Answer in_child(uid_t whose, std::chrono::milliseconds limit, const std::function<Answer()>& work,
                Signals signals, const std::vector<int>& used, const std::string& doing) {
  const auto named = whose == 0 ? doing : fmt::format("{} of user {}", doing, whose);
  return run_child({named, whose}, limit, work, signals, used, [] { return 0; });
}

void warn_of_unkillable(pid_t child, const std::string& doing) {
  warn(
      fmt::format("process {}, {}, can't be killed: a user or a file system keeps it waiting\n"
                  "It ends when that user's processes do, or when the file system answers or is unmounted.",
                  child, doing));
}

Fd open_in_child(uid_t whose, std::chrono::milliseconds limit, const std::function<Fd()>& open,
                 const std::vector<int>& used) {
  const auto work = [&] {
    Answer answer;
    auto opened = open();
    answer.text = Answer::of_error(errno).text;
    if (opened) answer.descriptors.push_back(std::move(opened));
    return answer;
  };
  auto answer = in_child(whose, limit, work, Signals::kWait, used);
  if (!answer.descriptors.empty()) return std::move(answer.descriptors.front());
  errno = answer.error();
  return {};
}

std::string read_of_process(uid_t owner, const std::function<std::string()>& read) {
  constexpr std::chrono::seconds kReadLimit{1};
  if (owner == ::geteuid()) return read();
  return in_child(
             owner, kReadLimit, [&] { return Answer{read()}; }, Signals::kWait, {}, "looking at a process")
      .text;
}

int as_owner_of(int directory, std::chrono::milliseconds limit, const std::function<int()>& work,
                std::vector<int> used, RootsWork roots) noexcept try {
  struct stat status = {};
  if (::fstat(directory, &status) != 0) return errno;
  if (::geteuid() != 0 || (status.st_uid == 0 && roots == RootsWork::kHere)) return work();
  used.push_back(directory);
  const auto answered = [&] { return Answer::of_error(work()); };
  const auto as_owner = [&] {
    const auto groups = groups_of_user(status.st_uid);
    return as_user(status.st_uid, groups.gid, groups.all, limit, answered, Signals::kWait, used);
  };
  const auto answer = status.st_uid == 0 ? in_child(0, limit, answered, Signals::kWait, used) : as_owner();
  return answer.error();
} catch (const Error& error) {
  return error.code().value();
} catch (const std::exception&) {
  return ENOMEM;
}

}  // namespace nslaunch::sys
