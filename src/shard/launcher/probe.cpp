#include "shard/launcher/probe.hpp"
#include "shard/plan/make_plan.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "shard/diagnose/explain.hpp"
#include "shard/init/init_steps.hpp"
#include "shard/launcher/launch.hpp"
#include "shard/wire/protocol.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/signals.hpp"
#include "sys/base/values.hpp"
#include "sys/io/loop.hpp"
#include "sys/process/channel.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::shard {
namespace {

using State = StepResult::State;

/// The throwaway launcher: forwards all messages to the caller.
[[noreturn]] void be_launcher(const Plan& plan, pid_t parent, const sys::Fd& channel) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  sys::close_all_except({channel.get(), plan.capture_file});
  sys::guard_standard_streams();
  Hooks hooks;
  hooks.received = [&](const Message& message) {
    if (!send(channel.get(), message)) ::_exit(1);
  };
  // In place of a control socket, which a run passes on to init; no client ever connects here.
  hooks.created = [](pid_t, const sys::Pidfd&) { return sys::Fd(::eventfd(0, EFD_CLOEXEC)); };
  try {
    const auto shard = launch(plan, hooks);
    hooks.received({.kind = Kind::kStarted, .payload = shard.isolation});
  } catch (const std::exception& error) {
    hooks.received({.kind = Kind::kNote, .payload = error.what()});
  }
  ::_exit(0);
}

std::vector<StepResult> steps_of(const Plan& plan) {
  std::vector<Step> steps = {Step::kClone};
  if (plan.privilege_mode == PrivilegeMode::kRootless) steps.push_back(Step::kMapIds);
  steps.insert(steps.end(), {Step::kSettings, Step::kTie, Step::kGo});
  const auto of_init = init_steps_of(plan);
  steps.insert(steps.end(), of_init.begin(), of_init.end());
  steps.insert(steps.end(), {Step::kFork, Step::kExec});
  std::vector<StepResult> results;
  for (const Step step : steps) results.push_back({.step = step});
  return results;
}

/// Turns the throwaway launcher's messages into the caller's result.
class Listener {
 public:
  explicit Listener(const Plan& plan) : plan_(plan) { probe_.steps = steps_of(plan); }

  void note(const Message& message) {
    switch (message.kind) {
      case Kind::kDone:
        return done(message);
      case Kind::kMissing:
      case Kind::kFailed:
        return failed(message);
      case Kind::kStarted:
        probe_.works = true;
        probe_.isolation = message.payload;
        return finish_the_command();
      default:
        if (message.code != 0) init_died_of_ = message.code;
        last_words_ = message.payload.substr(0, message.payload.find('\n'));
    }
  }

  /// `signal`: what killed the throwaway launcher, 0 for nothing; `hung`: it sent nothing for too long.
  Probe finish(int signal, bool hung) {
    if (probe_.works || has_failed_) return std::move(probe_);
    if (signal == 0) signal = init_died_of_;
    if (auto* result = under_way()) {
      result->state = State::kFailed;
      result->error = hung ? "it has not ended in time and was killed" : ending(signal);
      if (signal != 0 && !hung) result->cause = cause_of_death(signal, read_evidence());
    }
    return std::move(probe_);
  }

 private:
  StepResult* result_of(Step step) {
    const auto found = std::find_if(probe_.steps.begin(), probe_.steps.end(),
                                    [&](const StepResult& result) { return result.step == step; });
    return found == probe_.steps.end() ? nullptr : &*found;
  }
  StepResult* under_way() {
    // The launcher sends "go" while init runs its first steps: a process that dies then dies in one of those.
    const auto found = std::find_if(probe_.steps.begin(), probe_.steps.end(), [](const StepResult& result) {
      return result.state == State::kSkipped && result.step != Step::kGo;
    });
    return found == probe_.steps.end() ? nullptr : &*found;
  }

  void done(const Message& message) {
    auto* result = result_of(message.step);
    if (result == nullptr) return;
    result->state = State::kOk;
    result->took = std::chrono::microseconds(message.code);
  }

  void failed(const Message& message) {
    // A step of the command's own is reported as its start.
    auto* result = result_of(message.step);
    if (result == nullptr) result = result_of(Step::kExec);
    const auto code = code_of(message);
    result->state = State::kFailed;
    result->error = code.message();
    result->error_number = message.domain == Domain::kErrno ? message.code : 0;
    result->cause = cause_of(plan_, message, read_evidence());
    has_failed_ = has_failed_ || message.kind == Kind::kFailed;
  }

  void finish_the_command() {
    for (const Step step : {Step::kFork, Step::kExec}) result_of(step)->state = State::kOk;
  }

  std::string ending(int signal) const {
    if (signal != 0) return fmt::format("killed by {}", sys::signal_name(signal));
    return last_words_.empty() ? "its process ended without a word" : last_words_;
  }

  const Plan& plan_;
  Probe probe_;
  std::string last_words_;
  int init_died_of_ = 0;
  bool has_failed_ = false;
};

/// False: nothing has arrived for `patience`.
bool receive_all(Listener& listener, const sys::Fd& channel, std::chrono::milliseconds patience) {
  sys::Loop loop("waiting for the launch that is tried");
  bool over = false;
  bool silent = false;
  auto silence = loop.timer([&] { silent = true; });
  const auto messages = loop.watch(channel.get(), POLLIN, [&](short) {
    const auto message = receive(channel.get());
    over = !message;
    if (message) listener.note(*message);
    silence.set(sys::Deadline(patience));
  });
  silence.set(sys::Deadline(patience));
  while (!over && !silent) loop.turn();
  return over;
}

/// The signal that killed it, 0 for none. A process that can't even be killed is left to the one that reaps
/// ours.
int reap(pid_t child, std::chrono::milliseconds patience) {
  const auto handle = sys::Pidfd::open(child);
  if (handle && !handle->wait_for_end(patience)) return SIGKILL;
  int status = 0;
  sys::retry_on_eintr([&] { return ::waitpid(child, &status, 0); });
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace

const StepResult* Probe::find(Step step) const noexcept {
  const auto found =
      std::find_if(steps.begin(), steps.end(), [&](const StepResult& result) { return result.step == step; });
  return found == steps.end() ? nullptr : &*found;
}

bool Probe::is_whole() const noexcept {
  return works && std::all_of(steps.begin(), steps.end(),
                              [](const StepResult& result) { return result.state == State::kOk; });
}

Plan plan_to_probe(const ShardSpec& wishes) {
  auto spec = wishes;
  // This name also works for a program whose file has been removed; it only has to start.
  spec.command = {"/proc/self/exe", "version"};
  spec.workdir = "/";
  auto plan = make_plan(spec);
  plan.own_process_group = true;
  plan.tracing = true;
  return plan;
}

Probe probe_launch(const Plan& plan, std::chrono::milliseconds patience) {
  Listener listener(plan);
  const auto cannot_clone = [&](int error) {
    listener.note({.kind = Kind::kFailed, .step = Step::kClone, .code = error, .payload = {}});
    return listener.finish(0, false);
  };
  // K41: a process that we fork could do what we can't.
  if (read_evidence().children_live_elsewhere) return cannot_clone(EINVAL);
  auto [ours, theirs] = sys::make_channel();
  const pid_t self = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) be_launcher(plan, self, theirs);
  if (child < 0) return cannot_clone(errno);
  theirs.reset();
  const bool hung = !receive_all(listener, ours, patience);
  if (hung) ::kill(child, SIGKILL);
  return listener.finish(reap(child, patience), hung);
}

}  // namespace nslaunch::shard
