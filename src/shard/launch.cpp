#include "shard/launch.hpp"

#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inspect/holdup.hpp"
#include "ns/room.hpp"
#include "shard/explain.hpp"
#include "shard/fault.hpp"
#include "shard/init.hpp"
#include "sys/channel.hpp"
#include "sys/check.hpp"
#include "sys/procfs.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {
namespace {

constexpr std::chrono::milliseconds kTeardownLimit{5000};

/// As fork, into new namespaces. The older clone: common seccomp filters answer clone3 with ENOSYS (K26).
pid_t clone_process(int flags, int& pidfd) {
  return static_cast<pid_t>(
      ::syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, nullptr, &pidfd, nullptr, nullptr));
}

/// Empty where the plan wants none. Init answers at once, unless somebody has stopped it.
std::pair<sys::Fd, sys::Fd> make_visit(const Plan& plan) {
  if (!plan.launcher_visits) return {};
  auto visit = sys::make_channel();
  sys::limit_waiting(visit.first, std::chrono::seconds{1});
  return visit;
}

RunningShard clone_init(const Plan& plan, const Hooks& hooks) {
  auto [ours, theirs] = sys::make_channel();
  auto [our_visit, their_visit] = make_visit(plan);
  auto self = sys::Pidfd::open(::getpid());
  if (!self) sys::check(-1, "opening a handle on the launcher");
  int pidfd = -1;
  const pid_t pid = ns::when_there_is_room([&] { return clone_process(plan.clone_flags, pidfd); });
  if (pid == 0) {
    ours.reset();
    our_visit.reset();
    run_init(plan, std::move(theirs), std::move(*self), std::move(their_visit));
  }
  sys::check(pid, "creating the namespaces");
  return {pid, sys::Pidfd(sys::Fd(pidfd)), std::move(ours), std::move(our_visit), hooks};
}

Error ended_early(RunningShard& shard) {
  std::string how;
  if (const auto end = shard.wait_for_end(how)) {
    how = fmt::format("{} {}", end->si_code == CLD_EXITED ? "status" : "signal", end->si_status);
  }
  return Error({}, fmt::format("the shard's init ended before the command started ({})", sys::escape(how)),
               "Something outside killed it; out of memory, perhaps. Try again.");
}

/// One of the launcher's own steps: what fails in it is explained like a step of init's, unless it
/// failed because init is no more.
template <typename Work>
void step(const Plan& plan, Step which, std::optional<RunningShard>& shard, Work&& work) {
  try {
    fault_point(which);
    work();
  } catch (const Error& error) {
    if (shard && shard->init.wait_for_end(std::chrono::milliseconds{50})) throw ended_early(*shard);
    throw explain(plan, {.kind = Kind::kFailed, .step = which, .code = error.code().value(), .payload = {}});
  }
}

/// The next message, or the error that init died without a word.
Message hear(RunningShard& shard) {
  if (auto message = receive(shard.channel.get(), true, &shard.reach_listeners)) return std::move(*message);
  throw ended_early(shard);
}

void trace(const Hooks& hooks, const std::string& line) {
  if (hooks.trace) hooks.trace(line);
}

/// Hears of every step until the command has started.
void follow(const Plan& plan, const Hooks& hooks, RunningShard& shard) {
  for (;;) {
    const auto message = hear(shard);
    switch (message.kind) {
      case Kind::kDone:
        trace(hooks, fmt::format("{:<14} {:>6} µs", row(message.step).name, message.code));
        break;
      case Kind::kMissing:
        if (hooks.warning) hooks.warning(explain_missing(message));
        break;
      case Kind::kNote:
        trace(hooks, message.payload);
        break;
      case Kind::kListener:
        break;
      case Kind::kStarted:
        shard.isolation = message.payload;
        if (shard.reach_listeners.size() < plan.spec.reach.size()) {
          throw Error(sys::errno_code(EMFILE), "taking over what listens for --reach");
        }
        return;
      default:
        throw_failure(plan, message);
    }
  }
}

}  // namespace

RunningShard::RunningShard(RunningShard&& other) noexcept
    : init_pid(std::exchange(other.init_pid, -1)),
      init(std::move(other.init)),
      channel(std::move(other.channel)),
      visit(std::move(other.visit)),
      reach_listeners(std::move(other.reach_listeners)),
      pid_namespace(other.pid_namespace),
      isolation(std::move(other.isolation)),
      started_at(other.started_at),
      hooks_(other.hooks_) {}

RunningShard::~RunningShard() {
  if (init_pid <= 0) return;
  init.send_signal(SIGKILL);
  std::string culprit;
  if (!wait_for_end(culprit) && hooks_->warning) hooks_->warning(explain_held_up(culprit));
}

std::optional<siginfo_t> RunningShard::wait_for_end(std::string& culprit, rusage* used) noexcept {
  const pid_t pid = std::exchange(init_pid, -1);
  if (!init.wait_for_end(kTeardownLimit)) {
    culprit = inspect::who_holds_up(pid, pid_namespace);
    if (hooks_->held_up) hooks_->held_up();
    return std::nullopt;  // reaping init would wait for the culprit (K6)
  }
  siginfo_t end = {};
  // libc's waitid keeps back the kernel's fifth argument.
  sys::retry_on_eintr([&] { return ::syscall(SYS_waitid, P_PID, pid, &end, WEXITED, used); });
  return end;
}

RunningShard launch(const Plan& plan, const Hooks& hooks) {
  std::optional<RunningShard> shard;
  trace(hooks, explain_rung(plan.rung));
  step(plan, Step::kClone, shard, [&] { shard.emplace(clone_init(plan, hooks)); });
  step(plan, Step::kMapIds, shard, [&] {
    if (plan.rung != Rung::kRootless) return;
    ns::write_id_maps(shard->init_pid, plan.id_map);
    send(shard->channel.get(), {.kind = Kind::kMapped, .payload = {}});
  });
  // All this while init ties itself to us and mounts.
  sys::Fd control;
  step(plan, Step::kRecord, shard, [&] {
    if (hooks.created) control = hooks.created(shard->init_pid, shard->init);
  });
  std::vector<ns::Sysctl> settings;
  step(plan, Step::kSettings, shard, [&] { settings = ns::changed_sysctls(); });
  const auto tied = hear(*shard);
  if (tied.kind != Kind::kTied) throw_failure(plan, tied);
  // Our death is the shard's from here on, and it is recorded. Init waits for this before it starts the
  // command.
  step(plan, Step::kGo, shard, [&] {
    const int number = control.get();
    send(shard->channel.get(), {.kind = Kind::kGo, .payload = pack(settings)}, {&number, control ? 1U : 0U});
  });
  control.reset();
  follow(plan, hooks, *shard);
  shard->started_at = sys::Clock::now();
  shard->pid_namespace = shard->init.pid_namespace();
  if (shard->pid_namespace == 0) shard->pid_namespace = sys::namespace_inode(shard->init_pid, "pid");
  if (hooks.running) hooks.running(shard->isolation);
  return std::move(*shard);
}

}  // namespace nslaunch::shard
