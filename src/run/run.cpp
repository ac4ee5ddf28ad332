#include <unistd.h>
#include <nslaunch/run.hpp>

#include <ctime>
#include <optional>
#include <utility>

#include "registry/registration.hpp"
#include "shard/capture_file.hpp"
#include "shard/forwarding.hpp"
#include "shard/hidden.hpp"
#include "shard/init_steps.hpp"
#include "shard/launch.hpp"
#include "shard/plan.hpp"
#include "shard/signal_relay.hpp"
#include "shard/supervise.hpp"
#include "sys/check.hpp"
#include "sys/identity.hpp"
#include "sys/signals.hpp"
#include "sys/terminal.hpp"

namespace nslaunch {
namespace {

ShardRecord make_record(const shard::Plan& plan, pid_t init_pid, const sys::Pidfd& init) {
  ShardRecord record;
  record.id = plan.spec.id;
  record.name = plan.spec.name;
  record.run_id = plan.spec.id;
  record.shard_index = plan.spec.shard_index;
  record.shard_total = plan.spec.shard_total;
  record.command = plan.spec.command;
  record.cwd = plan.working_directory;
  record.uid = ::geteuid();
  record.started_at = std::time(nullptr);
  record.isolation = shard::expected_isolation(plan);
  const auto self = sys::Pidfd::open(::getpid());
  if (self) record.launcher = sys::identify(::getpid(), *self);
  record.init = sys::identify(init_pid, init);
  return record;
}

/// The shard's own record, kept up to date from the launch's hooks.
class Recorder {
 public:
  Recorder(const shard::Plan& plan, const Messages& messages) : plan_(plan), messages_(messages) {}

  shard::Hooks hooks() {
    shard::Hooks hooks;
    hooks.created = [this](pid_t pid, const sys::Pidfd& init) {
      publish(pid, init);
      auto control = registration_ ? registration_->make_control_socket() : sys::Fd();
      can_be_entered_ = static_cast<bool>(control);
      return control;
    };
    hooks.running = [this](const std::string& isolation) { running_with(isolation); };
    hooks.held_up = [this] {
      if (registration_) registration_->abandon();
    };
    hooks.held = [this] { return hold(); };
    hooks.stopping = [this] { set_state(ShardState::kStopping); };
    hooks.descriptors = [this] {
      auto descriptors = messages_.keep_open;
      if (registration_) {
        descriptors.insert(descriptors.end(), {registration_->lock_fd(), registration_->folder_fd()});
      }
      return descriptors;
    };
    hooks.warning = messages_.warning;
    hooks.trace = messages_.trace;
    return hooks;
  }

 private:
  void publish(pid_t pid, const sys::Pidfd& init) {
    std::string problem;
    record_ = make_record(plan_, pid, init);
    registration_ = registry::Registration::publish(record_, problem);
    if (!registration_ && messages_.warning) messages_.warning(problem);
  }
  void running_with(const std::string& isolation) {
    if (registration_ && isolation != std::exchange(record_.isolation, isolation)) {
      registration_->rewrite(record_, ShardState::kRunning);
    } else {
      set_state(ShardState::kRunning);
    }
  }
  bool hold() {
    if (can_be_entered_) set_state(ShardState::kHeld);
    return can_be_entered_;
  }
  void set_state(ShardState state) {
    if (registration_) registration_->set_state(state);
  }

  const shard::Plan& plan_;
  const Messages& messages_;
  ShardRecord record_;
  std::optional<registry::Registration> registration_;
  bool can_be_entered_ = false;
};

void keep_open(shard::Hooks& hooks, const std::vector<int>& more) {
  hooks.descriptors = [others = std::move(hooks.descriptors), more] {
    auto all = others();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
}

/// SIGCHLD may arrive ignored, and then no child can be waited for.
class DefaultChildSignal {
 public:
  DefaultChildSignal() : before_(sys::reset_signal(SIGCHLD)) {}
  DefaultChildSignal(const DefaultChildSignal&) = delete;
  DefaultChildSignal& operator=(const DefaultChildSignal&) = delete;
  ~DefaultChildSignal() { ::sigaction(SIGCHLD, &before_, nullptr); }

 private:
  struct sigaction before_;
};

/// Gives the terminal back at the end: a shell in the shard may have been killed while its job had it.
class TerminalKeeper {
 public:
  explicit TerminalKeeper(bool has_terminal) {
    if (!has_terminal) return;
    if (const auto terminal = sys::open_controlling_terminal()) foreground_ = ::tcgetpgrp(terminal.get());
  }
  TerminalKeeper(const TerminalKeeper&) = delete;
  TerminalKeeper& operator=(const TerminalKeeper&) = delete;
  ~TerminalKeeper() {
    if (foreground_ <= 0) return;
    if (const auto terminal = sys::open_controlling_terminal())
      sys::take_back_terminal(terminal.get(), foreground_);
  }

 private:
  pid_t foreground_ = 0;
};

}  // namespace

Outcome run_shard(const ShardSpec& spec, const Messages& messages) {
  if (spec.isolation == Isolation::kNone) {
    throw UsageError("run_shard() makes shards; a command without isolation is the caller's to execute");
  }
  const auto began = sys::Clock::now();
  shard::Forwarding forwarding(spec);
  for (const auto& line : forwarding.chosen_ports()) {
    if (messages.note) messages.note(line);
  }
  registry::sweep();
  auto plan = shard::make_plan(spec);
  plan.tracing = static_cast<bool>(messages.trace);
  const TerminalKeeper terminal(!plan.own_process_group);
  const auto handled = shard::handled_signals();
  const sys::BlockedSignals blocked(handled);
  const DefaultChildSignal child_signal;
  auto signals = sys::make_signalfd(handled);

  // Before the clone: as the caller, by the host's names, and gone again where the launch fails.
  std::optional<shard::CaptureFile> capture;
  if (!spec.capture.file.empty()) {
    capture.emplace(spec.capture, plan.spec.id, messages.warning);
    plan.capture_file = capture->fd();
  }
  Recorder recorder(plan, messages);
  auto hooks = recorder.hooks();
  if (capture) keep_open(hooks, capture->descriptors());
  shard::Watched watched(plan);
  auto running = shard::launch(plan, hooks);
  if (capture) capture->command_started();
  const auto setup = running.started_at - began;
  auto outcome =
      shard::supervise(plan, std::move(running), std::move(watched), hooks, std::move(signals), forwarding);
  if (capture && exit_status(outcome, spec) == 0) capture->command_succeeded();
  outcome.setup = std::chrono::duration_cast<std::chrono::microseconds>(setup);
  if (outcome.exit_status != 0 && messages.warning) {
    if (const auto hint = shard::hint_on_hidden_argument(plan); !hint.empty()) messages.warning(hint);
  }
  return outcome;
}

int exit_status(const Outcome& outcome, const ShardSpec& spec) noexcept {
  constexpr int kTimedOut = 124;
  constexpr int kLeaked = 123;
  if (is_hang(outcome.cause)) return kTimedOut;
  if (outcome.term_signal != 0) return 128 + outcome.term_signal;
  if (outcome.exit_status == 0 && outcome.leak_count > 0 && spec.leaks == LeakPolicy::kFail) return kLeaked;
  return outcome.exit_status;
}

}  // namespace nslaunch
