#include "shard/init/init.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "shard/init/command.hpp"
#include "shard/init/group_signals.hpp"
#include "shard/init/init_loop.hpp"
#include "shard/init/init_steps.hpp"
#include "shard/plan/users_directory.hpp"
#include "shard/wire/fault.hpp"
#include "shard/wire/protocol.hpp"
#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/files.hpp"
#include "sys/base/signals.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::shard {
namespace {

[[noreturn]] void leave() {
  ::_exit(0);
}

void expect(int channel, Kind kind) {
  const auto message = receive(channel);
  if (!message || message->kind != kind) leave();
}

/// Without init the launcher ends the shard; if a message can't be sent, our exit status carries the error.
void send_or_exit(int channel, const Message& message) {
  if (!send(channel, message)) ::_exit(errno);
}

void report_failure(int channel, Step step, int error, bool has_file = false) {
  send_or_exit(channel,
               {.kind = Kind::kFailed, .step = step, .code = error, .detail = has_file, .payload = {}});
}

/// Afterwards init dies with the launcher. The order ensures this (K1): the signal is armed after every
/// change of credentials (K2), then init checks whether the launcher died before that: through its pidfd,
/// since getppid() is no help here (K3). The pidfd is closed then: through it root in the shard could enter
/// the host's namespaces (K49), and from here on the channel's end reports the same.
void tie_to_launcher(const Plan& plan, int channel, sys::Pidfd launcher) {
  if (plan.privilege_mode == PrivilegeMode::kRootless) expect(channel, Kind::kMapped);
  try {
    fault_point(Step::kTie);
    sys::check(::prctl(PR_SET_PDEATHSIG, SIGKILL), "tying init to the launcher");
  } catch (const Error& error) {
    report_failure(channel, Step::kTie, error.code().value());
    leave();
  }
  if (launcher.has_ended()) leave();
  send_or_exit(channel, {.kind = Kind::kTied, .payload = {}});
}

/// The command and clients' processes inherit it.
void take_processors(const std::vector<unsigned>& processors) {
  if (processors.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const auto number : processors) CPU_SET(number, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

/// Passes on what the group received before the command existed, such as a Ctrl-C: run directly, the command
/// would have received it.
void pass_on(const sys::SignalSet& missed, pid_t command) {
  for (int signal = 1; signal < NSIG; ++signal) {
    if (missed.contains(signal)) ::kill(command, signal);
  }
}

/// Closes what an exec would close, except init's own descriptors and the command's streams. A launcher of
/// several shards has handles on the others, through which root in this one could enter them, or the host
/// while one of them is being made (K49); without them only root could.
void close_launchers_own(const Plan& plan, const std::vector<int>& own) {
  if (plan.privilege_mode != PrivilegeMode::kPrivileged || other_user(plan.spec) != nullptr) return;
  const auto is_needed = [&](int number) {
    return std::ranges::find(own, number) != own.end() ||
           std::ranges::find(plan.streams, number, &sys::Fd::get) != plan.streams.end();
  };
  for (const int number : sys::closed_by_exec()) {
    if (!is_needed(number)) ::close(number);
  }
}

}  // namespace

void run_init(const Plan& plan, sys::Fd channel, sys::Pidfd launcher, sys::Fd launchers_connection) {
  // No exception may escape: below us lies a copy of the launcher's stack.
  Step step = Step::kTie;
  try {
    // Not the launcher's name: "pkill nslaunch" is meant for launchers, and a signal to init counts as sent
    // to the whole group.
    ::prctl(PR_SET_NAME, "shard-init");
    if (plan.may_have_handlers) sys::reset_handlers();
    sys::reset_signal(SIGCHLD);  // the launcher's may be ignored (K40)
    take_processors(plan.processors);
    GroupSignals signals;
    for (const int handle : plan.outside_handles) ::close(handle);
    tie_to_launcher(plan, channel.get(), std::move(launcher));
    Building building{.plan = plan, .channel = channel.get(), .isolation = namespace_tokens(plan)};
    if (!build_shard(building)) leave();
    // They lead to what the shard's own mounts cover.
    for (const int outside : plan.outside_directories()) ::close(outside);
    step = Step::kFork;
    fault_point(step);
    const auto start = start_of_command(plan, building.isolation);
    StartFailure failure = {Step::kExec, 0};
    std::vector<int> own = {channel.get(), signals.fd(), building.mounts.fd(), building.control.get(),
                            launchers_connection.get()};
    if (building.capture) building.capture->add_descriptors(own);
    close_launchers_own(plan, own);
    signals.drain();
    const auto missed = signals.had();
    const pid_t command = start_process(plan, start, failure);
    if (command == 0) {
      report_failure(channel.get(), failure.step, failure.error, failure.has_file);
      leave();
    }
    if (!plan.own_process_group) pass_on(missed, command);
    send_or_exit(channel.get(), {.kind = Kind::kStarted, .payload = building.isolation});
    // From here on, end of file and SIGPIPE concern only the command and the caller. Init never execs, so
    // close-on-exec has no effect on it (K14).
    sys::close_all_except(std::move(own));
    ControlServer control(plan, building.isolation, std::move(building.control),
                          std::move(launchers_connection));
    keep_shard(plan, std::move(channel), {signals, building.mounts, control, building.capture}, command);
  } catch (const Error& error) {
    report_failure(channel.get(), step, error.code().value());
  } catch (...) {
    report_failure(channel.get(), step, ENOMEM);
  }
  leave();
}

}  // namespace nslaunch::shard
