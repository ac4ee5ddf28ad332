#include <unistd.h>
#include <nslaunch/exit_codes.hpp>
#include <nslaunch/run.hpp>

#include <optional>
#include <utility>

#include "registry/reap/leftover_note.hpp"
#include "registry/record/registration.hpp"
#include "run/single/caller.hpp"
#include "run/single/leaks.hpp"
#include "run/single/recorder.hpp"
#include "shard/launcher/forwarding.hpp"
#include "shard/launcher/launch.hpp"
#include "shard/plan/capture_file.hpp"
#include "shard/plan/hidden.hpp"
#include "shard/plan/make_plan.hpp"
#include "shard/supervise/supervise.hpp"
#include "sys/io/terminal.hpp"

namespace nslaunch {
namespace {

void keep_open(shard::Hooks& hooks, const std::vector<int>& more) {
  hooks.descriptors = [others = std::move(hooks.descriptors), more] {
    auto all = others();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
}

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

Outcome run_shard(const ShardSpec& spec, const Messages& messages, const RunOptions& options) {
  run::refuse_threads("run_shard()");
  if (spec.isolation == Isolation::kNone) {
    throw UsageError("run_shard() makes shards; a command without isolation is the caller's to execute");
  }
  const auto began = sys::Clock::now();
  shard::Forwarding forwarding(spec);
  for (const auto& line : forwarding.chosen_ports()) {
    if (messages.note) messages.note(line);
  }
  registry::sweep();
  registry::LeftoverNote leftovers(messages.warning);
  auto plan = shard::make_plan(spec, leftovers.hook());
  run::listen(plan, messages);
  plan.gives_up_descriptors = options.give_up_descriptors;
  plan.may_have_handlers = !options.give_up_descriptors;
  plan.cancel = options.cancel;
  const TerminalKeeper terminal(!plan.own_process_group);
  run::CallersSignals caller;

  // Before the clone: created as the caller, by the host's names, and removed if the launch fails.
  std::optional<shard::CaptureFile> capture;
  if (!spec.capture.file.empty()) {
    capture.emplace(spec.capture, messages.warning, leftovers.hook());
    plan.capture_file = capture->fd();
  }
  run::Recorder recorder(plan, messages);
  auto hooks = recorder.hooks();
  if (capture) keep_open(hooks, capture->descriptors());
  keep_open(hooks, leftovers.descriptors());
  keep_open(hooks, options.keep_open);
  shard::Watched watched(plan);
  for (const auto& ancestor : watched.ancestors) plan.outside_handles.push_back(ancestor.get());
  auto running = shard::launch(plan, hooks, caller.signals().get());
  plan.places = {};
  if (capture) capture->command_started();
  const auto setup = running.started_at - began;
  auto outcome = shard::supervise(plan, std::move(running), std::move(watched), hooks,
                                  std::move(caller.signals()), forwarding);
  if (capture && exit_status(outcome, spec) == 0) capture->command_succeeded();
  outcome.setup = std::chrono::duration_cast<std::chrono::microseconds>(setup);
  if (outcome.exit_status != 0 && messages.warning) {
    if (const auto hint = shard::hint_on_hidden_argument(plan); !hint.empty()) messages.warning(hint);
  }
  return outcome;
}

int exit_status(const Outcome& outcome, const ShardSpec& spec) noexcept {
  if (is_hang(outcome.cause)) return kTimedOut;
  if (outcome.term_signal != 0) return status_of_signal(outcome.term_signal);
  const bool passed = outcome.exit_status == 0;
  if (passed && spec.leaks == LeakPolicy::kFail && run::has_leaked(outcome, spec)) return kLeaked;
  return outcome.exit_status;
}

}  // namespace nslaunch
